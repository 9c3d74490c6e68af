package dev.koine.cli;

import java.nio.file.Path;

/** The committed speech models. */
public final class Fixtures {
    /** Base, experts and held-out speech of the one-file CTC encoder. */
    public static final Path CTC =
            Path.of("..", "eval", "fixtures", "ctc").toAbsolutePath().normalize();

    private Fixtures() {}
}
