package dev.koine.cli.embedded;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Keeps a second embedded Koine out of a folder; a process that dies lets go of it. */
record FolderLock(FileChannel channel) implements AutoCloseable {

    /** @throws IOException if another one works in the folder */
    static FolderLock take(Path folder) throws IOException {
        FileChannel channel =
                FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (channel.tryLock() != null) {
                return new FolderLock(channel);
            }
        } catch (OverlappingFileLockException inThisProcess) {
            channel.close();
            throw inUse(folder);
        }
        channel.close();
        throw inUse(folder);
    }

    private static IOException inUse(Path folder) {
        return new IOException("Another koine runs in " + folder + "; stop it, or name another folder.");
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
