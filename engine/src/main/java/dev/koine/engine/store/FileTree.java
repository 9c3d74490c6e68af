package dev.koine.engine.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** Takes directories away with all that is in them; links are taken away, not followed. */
public final class FileTree {
    private FileTree() {}

    /** Deletes a directory and all below it; one that is not there is no trouble. */
    public static void delete(Path directory) throws IOException {
        clear(directory);
        Files.deleteIfExists(directory);
    }

    /** Deletes all below a directory; one that is not there is no trouble. */
    public static void clear(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> paths = Files.walk(directory)) {
            for (Path path : (Iterable<Path>) paths.sorted(Comparator.reverseOrder())::iterator) {
                if (!path.equals(directory)) {
                    Files.delete(path);
                }
            }
        }
    }
}
