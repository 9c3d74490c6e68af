package dev.koine.events.inband;

import dev.koine.engine.store.BundleFile;
import dev.koine.schemas.ArtifactChunk;
import java.nio.ByteBuffer;

/**
 * How a file is cut: chunk i holds the bytes from {@code i * CHUNK_BYTES} on, {@code CHUNK_BYTES} of them or what is left. So chunks are a function
 * of the file alone, and one that is sent twice is the same twice.
 *
 * @param sha256 of its bytes, 64 lower-case hexadecimal digits
 * @param size in bytes, up to {@link #MOST_BYTES}
 */
public record ChunkedFile(String sha256, long size) {
    /** Half of what brokers take in one message by default. */
    public static final int CHUNK_BYTES = 512 << 10;

    /** As a bundle may have. */
    public static final long MOST_BYTES = 256L << 30;

    /** A file as a bundle lists it. */
    public static ChunkedFile of(BundleFile file) {
        return new ChunkedFile(file.sha256(), file.size());
    }

    /** How many chunks it has; an empty file has none. */
    public int count() {
        return (int) ((size + CHUNK_BYTES - 1) / CHUNK_BYTES);
    }

    /** Where a chunk begins, in bytes. */
    public long offset(int index) {
        return (long) index * CHUNK_BYTES;
    }

    /** How many bytes a chunk has. */
    public int length(int index) {
        return (int) Math.min(CHUNK_BYTES, size - offset(index));
    }

    /** One of its chunks, with the bytes that it has to have. */
    public ArtifactChunk chunk(int index, ByteBuffer bytes) {
        return new ArtifactChunk(sha256, size, index, count(), offset(index), bytes);
    }

    /** Whether this is one of its chunks, as far as anything but the bytes tells. */
    boolean has(ArtifactChunk chunk) {
        return chunk.getSha256().equals(sha256)
                && chunk.getSize() == size
                && chunk.getCount() == count()
                && chunk.getIndex() >= 0
                && chunk.getIndex() < count()
                && chunk.getOffset() == offset(chunk.getIndex())
                && chunk.getBytes().remaining() == length(chunk.getIndex());
    }
}
