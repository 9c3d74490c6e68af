package dev.koine.cli.folder;

import dev.koine.cli.status.FreeSpace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Folders that commands work in. */
public final class Folders {
    private Folders() {}

    private static final long FULL_BYTES = 1 << 20;

    /** Makes a folder, if it is not there, that can be written to and has some room. */
    public static Path requireWritableFolder(Path folder) throws IOException {
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new IOException(folder + " is a file; name a folder.");
        }
        Files.createDirectories(folder);
        if (!Files.isWritable(folder)) {
            throw new IOException("The folder " + folder + " may not be written to; name another one.");
        }
        long free = Files.getFileStore(folder).getUsableSpace();
        if (free < FULL_BYTES) {
            throw new IOException("The disk of " + folder.toAbsolutePath().normalize() + " is full: "
                    + FreeSpace.words(free) + " are free. Make room and start again.");
        }
        return folder;
    }

    /** Requires room for what is to be written to a folder. */
    public static void requireRoom(Path folder, long bytes, String what) throws IOException {
        long free = Files.getFileStore(folder).getUsableSpace();
        if (free < bytes) {
            throw new IOException("The folder " + folder + " has " + FreeSpace.words(free) + " free, and " + what
                    + " needs " + FreeSpace.words(bytes) + ". Make room, or name another folder.");
        }
    }

    /** Makes a folder, which must have nothing in it. */
    public static Path requireEmpty(Path folder) throws IOException {
        requireWritableFolder(folder);
        try (Stream<Path> files = Files.list(folder)) {
            if (files.findAny().isPresent()) {
                throw new IOException("The folder " + folder + " is not empty; name a new one.");
            }
        }
        return folder.toRealPath();
    }

    /** Checks, before long work, that a file can be written at its end. */
    public static void requireWritable(Path file) throws IOException {
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
    public static Path requireFolder(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new IOException(
                    "There is no folder " + folder.toAbsolutePath().normalize() + ".");
        }
        return folder.toAbsolutePath().normalize();
    }
}
