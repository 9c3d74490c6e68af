package dev.koine.flink.harness;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * One place for another in bytes that hold it, Avro and Flink's own formats among them: both are as long as each other, so that
 * lengths that stand before them stay right.
 */
public record Replacement(String from, String to) {
    private static final int LENGTH = 200;

    /** What stands for the place in a committed recording. */
    public static final String NOWHERE = padded("/koine");

    public Replacement {
        if (from.length() != to.length()) {
            throw new IllegalArgumentException(from + " and " + to + " differ in length");
        }
    }

    /** A folder below this one whose path has the length that all replaced ones have. */
    public static Path folderBelow(Path directory) throws IOException {
        return Files.createDirectories(Path.of(padded(directory.toString())));
    }

    private static String padded(String path) {
        int missing = LENGTH - path.length() - 1;
        if (missing < 1) {
            throw new IllegalArgumentException(path + " is too long for a place of " + LENGTH + " characters");
        }
        return path + "/" + "_".repeat(missing);
    }

    public byte[] in(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1).replace(from, to).getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Copies a tree of files. */
    public void copy(Path source, Path target) throws IOException {
        List<Path> files;
        try (Stream<Path> tree = Files.walk(source)) {
            files = tree.filter(Files::isRegularFile).toList();
        }
        for (Path file : files) {
            Path copy = target.resolve(source.relativize(file).toString());
            Files.createDirectories(copy.getParent());
            Files.write(copy, in(Files.readAllBytes(file)));
        }
    }
}
