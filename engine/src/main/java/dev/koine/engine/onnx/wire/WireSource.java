package dev.koine.engine.onnx.wire;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.ShortFileException;
import dev.koine.engine.file.FileKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The bytes of one model file, read through a small window at long offsets, charged to the budget of its bundle for what its index takes on the heap. What is
 * skipped is never read. A file that shrinks while it is read is an {@link ShortFileException}, never a fault of the process, which a mapped
 * file would risk.
 */
public final class WireSource implements AutoCloseable {
    private static final int WINDOW = 1 << 13;

    private final String name;
    private final Path file;
    private final FileChannel channel;
    private final long size;
    private final HeapBudget budget;
    private final ByteBuffer window = ByteBuffer.allocate(WINDOW);
    private long windowStart;
    private int windowLength;

    private WireSource(String name, Path file, FileChannel channel, long size, HeapBudget budget) {
        this.name = name;
        this.file = file;
        this.channel = channel;
        this.size = size;
        this.budget = budget;
    }

    public static WireSource open(String name, Path file, HeapBudget budget) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
        try {
            return new WireSource(name, file, channel, channel.size(), budget);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** Whether a message that ends at {@code end} reaches to the end of the file. */
    boolean isEnd(long end) {
        return end == size;
    }

    public WireMessage root() {
        return new WireMessage(this, 0, size);
    }

    byte at(long position) throws IOException {
        long offset = position - windowStart;
        if (offset < 0 || offset >= windowLength) {
            window.clear().limit((int) Math.min(WINDOW, size - position));
            fill(position, window);
            windowStart = position;
            windowLength = window.position();
            offset = 0;
        }
        return window.get((int) offset);
    }

    void read(long position, byte[] target, int at, int count) throws IOException {
        fill(position, ByteBuffer.wrap(target, at, count));
    }

    private void fill(long position, ByteBuffer target) throws IOException {
        long next = position;
        while (target.hasRemaining()) {
            int count = channel.read(target, next);
            if (count < 0) {
                throw new ShortFileException(file);
            }
            next += count;
        }
    }

    /** Takes {@code bytes} from the budget, before they are allocated. */
    public void spend(long bytes) throws RejectedException {
        if (!budget.take(bytes)) {
            throw broken(
                    "the graphs of its bundle take more than " + (HeapBudget.BYTES >> 20) + " MiB without the weights");
        }
    }

    /** The refusal of this file: by what it is instead of a model, if its first bytes say so, else by {@code what} is wrong with it. */
    public RejectedException broken(String what) {
        return FileKind.of(file)
                .map(kind -> mistaken("The file '" + Quote.of(name) + "'", kind))
                .orElseGet(() -> WireMessage.notOnnx(name, what));
    }

    /** The refusal of this file where its outermost message goes on after its end. */
    RejectedException cutOff(long missing) {
        return FileKind.of(file)
                .map(kind -> mistaken("The file '" + Quote.of(name) + "'", kind))
                .orElseGet(() -> new RejectedException(
                        RejectionCode.NOT_ONNX,
                        "The file '" + Quote.of(name) + "' was cut off: it has " + size + " bytes, and at least "
                                + missing + " more belong to it. Copy or download it again."));
    }

    /** The refusal of a file that something else stands in place of. */
    public static RejectedException mistaken(String file, FileKind kind) {
        return new RejectedException(RejectionCode.NOT_ONNX, file + " " + kind.what() + ". " + kind.advice() + ".");
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
