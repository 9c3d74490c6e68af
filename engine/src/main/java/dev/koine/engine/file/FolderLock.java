package dev.koine.engine.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * Keeps a second owner out of a folder, in this process and in others; a process that dies lets go of it. The lock is on the file {@code
 * lock}. What this process holds is noted among its system properties, which all class loaders share.
 */
public final class FolderLock implements AutoCloseable {
    private static final String FILE = "lock";
    private static final String HELD = "dev.koine.lock.";

    private final FileChannel channel;
    private final String note;

    private FolderLock(FileChannel channel, String note) {
        this.channel = channel;
        this.note = note;
    }

    /**
     * Takes the lock of a folder.
     *
     * @return empty if somebody holds it
     */
    public static Optional<FolderLock> take(Path folder) throws IOException {
        String note = HELD + folder.toRealPath();
        // What is held is not opened again: POSIX takes a lock from a process that closes any channel to its file.
        if (System.getProperties().putIfAbsent(note, "held") != null) {
            return Optional.empty();
        }
        Optional<FolderLock> taken = Optional.empty();
        try {
            taken = lock(folder, note);
            return taken;
        } finally {
            if (taken.isEmpty()) {
                System.getProperties().remove(note);
            }
        }
    }

    private static Optional<FolderLock> lock(Path folder, String note) throws IOException {
        FileChannel channel =
                FileChannel.open(folder.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (channel.tryLock() != null) {
                forgetTheDead(folder);
                return Optional.of(new FolderLock(channel, note));
            }
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
        channel.close();
        return Optional.empty();
    }

    /** Earlier releases noted what they held in files. */
    private static void forgetTheDead(Path folder) throws IOException {
        try (DirectoryStream<Path> marks = Files.newDirectoryStream(folder, FILE + ".*")) {
            for (Path mark : marks) {
                Files.deleteIfExists(mark);
            }
        }
    }

    /** Lets go of the folder, which may be gone by now; further calls do nothing. */
    @Override
    public void close() throws IOException {
        if (channel.isOpen()) {
            channel.close();
            System.getProperties().remove(note);
        }
    }
}
