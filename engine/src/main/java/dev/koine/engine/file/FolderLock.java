package dev.koine.engine.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.UUID;

/**
 * Keeps a second owner out of a folder, in this process and in others; a process that dies lets go of it. The lock is on the file {@code
 * lock}; beside it lies a file that says, by its name, which process holds it.
 */
public final class FolderLock implements AutoCloseable {
    private static final String FILE = "lock";

    /**
     * Marks what this process holds, so that it does not open a lock of its own a second time: POSIX takes a lock from a process that closes any channel
     * to its file.
     */
    private static final String OWN_MARK = FILE + "." + UUID.randomUUID();

    private final FileChannel channel;
    private final Path mark;

    private FolderLock(FileChannel channel, Path mark) {
        this.channel = channel;
        this.mark = mark;
    }

    /**
     * Takes the lock of a folder.
     *
     * @return empty if somebody holds it
     */
    public static Optional<FolderLock> take(Path folder) throws IOException {
        Path mark = folder.resolve(OWN_MARK);
        if (Files.exists(mark)) {
            return Optional.empty();
        }
        FileChannel channel =
                FileChannel.open(folder.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (channel.tryLock() != null) {
                forgetTheDead(folder);
                Files.createFile(mark);
                return Optional.of(new FolderLock(channel, mark));
            }
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
        channel.close();
        return Optional.empty();
    }

    private static void forgetTheDead(Path folder) throws IOException {
        try (DirectoryStream<Path> marks = Files.newDirectoryStream(folder, FILE + ".*")) {
            for (Path mark : marks) {
                Files.deleteIfExists(mark);
            }
        }
    }

    /** Lets go of the folder, which may be gone by now. */
    @Override
    public void close() throws IOException {
        try (channel) {
            Files.deleteIfExists(mark);
        } catch (NoSuchFileException gone) {
            return;
        }
    }
}
