package dev.koine.cli.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Folders that commands work in. */
final class Folders {
    private Folders() {}

    /** Makes a folder, which must have nothing in it. */
    static Path requireEmpty(Path folder) throws IOException {
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new IOException(folder + " is a file; name a folder.");
        }
        Files.createDirectories(folder);
        if (!Files.isWritable(folder)) {
            throw new IOException("The folder " + folder + " may not be written to; name another one.");
        }
        try (Stream<Path> files = Files.list(folder)) {
            if (files.findAny().isPresent()) {
                throw new IOException("The folder " + folder + " is not empty; name a new one.");
            }
        }
        return folder.toRealPath();
    }

    /** Checks, before long work, that a file can be written at its end. */
    static void requireWritable(Path file) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (Files.isDirectory(file)) {
            throw new IOException(file + " is a folder; name a file in it.");
        }
        if (folder == null || !Files.isDirectory(folder)) {
            throw new IOException("There is no folder " + folder + " for the file " + file + "; make it first.");
        }
        if (!Files.isWritable(Files.exists(file) ? file : folder)) {
            throw new IOException("The file " + file + " may not be written; name another one.");
        }
    }

    /** Checks that a folder is there. */
    static Path requireFolder(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new IOException(
                    "There is no folder " + folder.toAbsolutePath().normalize() + ".");
        }
        return folder.toAbsolutePath().normalize();
    }
}
