package dev.koine.engine.onnx;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;

/**
 * Reads the elements of one float tensor as float32, any range at a time, wherever they lie and however they are aligned. Holds one
 * small buffer. Safe for several threads, each of which waits for the other's read.
 */
public final class TensorReader implements AutoCloseable {
    private static final int CHUNK = 1 << 17;

    private final TensorInfo tensor;
    private final long numel;
    private final FileChannel channel;
    private final ByteBuffer chunk;

    private TensorReader(TensorInfo tensor, FileChannel channel) {
        this.tensor = tensor;
        this.numel = tensor.numel();
        this.channel = channel;
        this.chunk = ByteBuffer.allocate((int) Math.min(CHUNK, tensor.length())).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Opens a tensor of float32, float16 or bfloat16.
     *
     * @throws IllegalArgumentException if its elements are of another type
     * @throws IOException if its file cannot be opened, or is a symbolic link
     */
    public static TensorReader open(TensorInfo tensor) throws IOException {
        if (!tensor.type().isMergeable()) {
            throw new IllegalArgumentException("Tensors of type " + tensor.type() + " are never merged.");
        }
        Path file = tensor.file();
        return new TensorReader(tensor, FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
    }

    /** The number of elements. */
    public long numel() {
        return numel;
    }

    /**
     * Reads elements {@code from} to {@code from + count} of the tensor, row-major, into {@code target} from {@code at} on.
     *
     * @throws IOException if the file cannot be read, or has become shorter
     */
    public synchronized void read(long from, float[] target, int at, int count) throws IOException {
        Objects.checkFromIndexSize(from, count, numel);
        Objects.checkFromIndexSize(at, count, target.length);
        int width = tensor.type().bytes();
        int most = chunk.capacity() / width;
        for (int done = 0; done < count; ) {
            int now = Math.min(most, count - done);
            fill(tensor.offset() + (from + done) * width, now * width);
            FloatEncoding.decode(tensor.type(), chunk, target, at + done, now);
            done += now;
        }
    }

    private void fill(long position, int length) throws IOException {
        chunk.clear().limit(length);
        while (chunk.hasRemaining()) {
            if (channel.read(chunk, position + chunk.position()) < 0) {
                throw new EOFException("The file " + tensor.file() + " became shorter than its tensors.");
            }
        }
        chunk.flip();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
