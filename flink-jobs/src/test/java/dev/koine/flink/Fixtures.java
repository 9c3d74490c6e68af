package dev.koine.flink;

import java.nio.file.Path;

/** The committed speech models. */
final class Fixtures {
    static final Path ROOT = Path.of("..", "eval", "fixtures").toAbsolutePath().normalize();

    private Fixtures() {}

    static Path ctc(String name) {
        return ROOT.resolve("ctc").resolve(name);
    }

    static Path whisper(String name) {
        return ROOT.resolve("whisper").resolve(name);
    }
}
