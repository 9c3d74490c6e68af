package dev.koine.engine.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder for the length of one piece of work. It holds a lock file while it is in use; what a process that was killed left
 * beside it, whose lock nobody holds, is taken away when the next one is made.
 */
public final class TemporaryFolder implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TemporaryFolder.class);
    private static final String LOCK = ".lock";

    /**
     * Names the locks of this process. It must not open one of its own a second time: POSIX takes a lock from a process that closes any channel to its
     * file, and another process would take the folder away.
     */
    private static final String OWN_LOCK = LOCK + "." + UUID.randomUUID();

    private static final String UNLOCKED = LOCK + ".new";
    private static final int TRIES = 5;
    private static final long BETWEEN_TRIES_MS = 100;

    private final Path path;
    private final FileChannel lock;
    private boolean kept;

    private TemporaryFolder(Path path, FileChannel lock) {
        this.path = path;
        this.lock = lock;
    }

    /**
     * Makes a folder.
     *
     * @param prefix what its name begins with, and the names of those that are its like
     */
    public static TemporaryFolder create(Path parent, String prefix) throws IOException {
        sweep(parent, prefix);
        Path path = Files.createTempDirectory(parent, prefix);
        try {
            FileChannel lock =
                    FileChannel.open(path.resolve(UNLOCKED), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            TemporaryFolder folder = new TemporaryFolder(path, lock);
            folder.take();
            return folder;
        } catch (IOException | RuntimeException e) {
            FileTree.delete(path);
            throw e;
        }
    }

    /** Makes a folder where Java keeps temporary files. */
    public static TemporaryFolder create(String prefix) throws IOException {
        return create(Path.of(System.getProperty("java.io.tmpdir")), prefix);
    }

    /** The name that others look for is there only once the lock is held. */
    private void take() throws IOException {
        try {
            lock.lock();
            Files.move(path.resolve(UNLOCKED), path.resolve(OWN_LOCK));
        } catch (IOException e) {
            lock.close();
            throw e;
        }
    }

    private static void sweep(Path parent, String prefix) {
        try (DirectoryStream<Path> alike = Files.newDirectoryStream(parent, prefix + "*")) {
            for (Path folder : alike) {
                if (Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
                    sweep(folder);
                }
            }
        } catch (IOException e) {
            LOG.debug("What may be left in {} stays", parent, e);
        }
    }

    private static void sweep(Path folder) {
        try {
            Optional<Path> held = lockIn(folder);
            if (held.isEmpty() || held.get().endsWith(OWN_LOCK)) {
                return;
            }
            try (FileChannel lock = FileChannel.open(held.get(), StandardOpenOption.WRITE)) {
                if (lock.tryLock() != null) {
                    FileTree.delete(folder);
                }
            }
        } catch (IOException e) {
            LOG.debug("{} stays", folder, e);
        }
    }

    /** The lock file of a folder; empty where it is not locked yet, kept, or none of ours. */
    private static Optional<Path> lockIn(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> isLock(file.getFileName().toString())
                            && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
                    .findFirst();
        }
    }

    private static boolean isLock(String name) {
        return name.equals(LOCK) || (name.startsWith(LOCK + ".") && !name.equals(UNLOCKED));
    }

    public Path path() {
        return path;
    }

    /** The folder stays when this is closed, and later. */
    public void keep() throws IOException {
        kept = true;
        Files.deleteIfExists(path.resolve(OWN_LOCK));
    }

    /** Deletes the folder; nothing may write to it any more but what is about to end. What cannot be deleted goes to the log. */
    @Override
    public void close() {
        try (lock) {
            if (!kept) {
                delete();
            }
        } catch (IOException e) {
            LOG.warn("{} stays; delete it", path, e);
        }
    }

    private void delete() throws IOException {
        for (int i = 1; ; i++) {
            try {
                FileTree.delete(path);
                return;
            } catch (IOException e) {
                if (i == TRIES) {
                    throw e;
                }
                pause();
            }
        }
    }

    private static void pause() {
        boolean interrupted = Thread.interrupted();
        try {
            Thread.sleep(BETWEEN_TRIES_MS);
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
