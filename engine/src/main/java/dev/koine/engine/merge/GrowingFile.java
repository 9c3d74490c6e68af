package dev.koine.engine.merge;

import dev.koine.engine.file.FileTree;
import dev.koine.engine.file.SideBySide;
import dev.koine.engine.store.Sha256;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A file whose parts are written in any order: hashed as far as it is complete from its beginning on, and forced to the disk, while the rest is written. Whoever
 * completes a part hashes what has become complete by it. The file is open while it is worked on, since a bundle may have thousands. Safe for several threads.
 */
final class GrowingFile {
    private static final int BUFFER_BYTES = 1 << 18;
    private static final long FORCED_AT_ONCE = 64L << 20;

    private final Path file;
    private final long size;
    private final long[] starts;
    private final boolean[] written;
    private int firstMissing;
    private final Lock hashing = new ReentrantLock();
    private final MessageDigest digest = Sha256.newDigest();
    private volatile long hashed;
    private long forced;
    private final SideBySide<Boolean> forcing;

    /**
     * @param starts where the parts that are not written yet begin, in ascending order
     * @param forcing where the disk is waited for meanwhile
     */
    GrowingFile(Path file, long[] starts, Executor forcing) throws IOException {
        this.file = file;
        this.starts = starts.clone();
        this.written = new boolean[starts.length];
        this.forcing = new SideBySide<>(forcing);
        this.size = Files.size(file);
    }

    long size() {
        return size;
    }

    /** Notes that a part is written. */
    void completed(int part) throws IOException {
        synchronized (this) {
            written[part] = true;
            while (firstMissing < written.length && written[firstMissing]) {
                firstMissing++;
            }
        }
        while (complete() > hashed && hashing.tryLock()) {
            try {
                hash(complete());
            } finally {
                hashing.unlock();
            }
        }
    }

    private synchronized long complete() {
        return firstMissing == starts.length ? size : starts[firstMissing];
    }

    private void hash(long end) throws IOException {
        long position = hashed;
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(BUFFER_BYTES, end - position));
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            while (position < end) {
                buffer.clear().limit((int) Math.min(buffer.capacity(), end - position));
                int n = channel.read(buffer, position);
                if (n < 0) {
                    throw new EOFException(file + " ends at byte " + position + ".");
                }
                digest.update(buffer.flip());
                position += n;
            }
        }
        hashed = position;
        if (position - forced >= FORCED_AT_ONCE) {
            forced = position;
            forcing.begin(() -> {
                FileTree.force(file);
                return true;
            });
        }
    }

    /** Forces the rest to the disk; returns the SHA-256 of the whole file, as hexadecimal digits. All parts are written. */
    String finish() throws IOException {
        hashing.lock();
        try {
            hash(complete());
            forcing.await();
            FileTree.force(file);
            if (hashed != size) {
                throw new IllegalStateException("Of " + file + " " + hashed + " bytes of " + size + " are written.");
            }
            return Sha256.hex(digest.digest());
        } finally {
            hashing.unlock();
        }
    }
}
