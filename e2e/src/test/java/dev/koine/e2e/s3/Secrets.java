package dev.koine.e2e.s3;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Looks for a secret in all that processes left behind. */
public final class Secrets {
    private Secrets() {}

    /** Requires that no file at or below a place holds the secret. */
    public static void requireNone(Path place, String secret) throws IOException {
        List<Path> files;
        try (Stream<Path> tree = Files.walk(place)) {
            files = tree.filter(Files::isRegularFile).toList();
        }
        assertThat(files).isNotEmpty();
        for (Path file : files) {
            boolean holds = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(secret);
            assertThat(holds).as("a secret in %s", file).isFalse();
        }
    }
}
