package dev.koine.cli.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** Folders that commands work in. */
final class Folders {
    private Folders() {}

    /** Makes a folder, which must have nothing in it. */
    static Path requireEmpty(Path folder) throws IOException {
        Files.createDirectories(folder);
        try (Stream<Path> files = Files.list(folder)) {
            if (files.findAny().isPresent()) {
                throw new IOException("The folder " + folder + " is not empty; name a new one.");
            }
        }
        return folder.toRealPath();
    }

    /** Deletes a folder and all below it. */
    static void delete(Path folder) throws IOException {
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : (Iterable<Path>) paths.sorted(Comparator.reverseOrder())::iterator) {
                Files.delete(path);
            }
        }
    }
}
