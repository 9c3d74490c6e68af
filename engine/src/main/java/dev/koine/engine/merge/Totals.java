package dev.koine.engine.merge;

import dev.koine.engine.RejectedException;
import dev.koine.engine.taskvector.PrunedBlock;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The running totals of one model: one int32 on its tensor's {@link Grid} for every element of every mergeable weight, in a
 * file, little-endian, weight after weight. Integers, so that a sum has one result in any order and a subtraction undoes an
 * addition.
 *
 * <p>Works in chunks with positioned reads and writes: the heap does not grow with the model, and a full disk is an
 * {@link IOException}. After one of those the file holds no defined totals and is to be made again. Threads may work on ranges
 * that do not touch; a range belongs to one thread at a time.
 */
public final class Totals implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Totals.class);
    /** Elements: what a chunk takes, some 200 KB, stays in the second cache. */
    private static final int CHUNK = 1 << 14;

    private final FileChannel channel;
    private final List<Tensor> tensors;
    private final long[] starts;
    private final ThreadLocal<Buffers> buffers = ThreadLocal.withInitial(Buffers::new);

    /** What a thread works in, one chunk at a time. */
    private record Buffers(ByteBuffer bytes, float[] values, int[] totals) {
        Buffers() {
            this(
                    ByteBuffer.allocateDirect(CHUNK * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN),
                    new float[CHUNK],
                    new int[CHUNK]);
        }
    }

    /** A weight that has totals: its name for messages, and the number of its elements. */
    public record Tensor(String name, long numel) {}

    private Totals(FileChannel channel, List<Tensor> tensors) {
        this.channel = channel;
        this.tensors = List.copyOf(tensors);
        this.starts = new long[tensors.size() + 1];
        for (int i = 0; i < tensors.size(); i++) {
            starts[i + 1] = Math.addExact(starts[i], tensors.get(i).numel());
        }
    }

    /**
     * Makes totals that are all zero, in a file of their own that is gone when they are closed, and on Unix also when the process is
     * killed; sparse where the file system can.
     *
     * @param directory for the file; four bytes an element
     */
    public static Totals create(Path directory, List<Tensor> tensors) throws IOException {
        Path path = Files.createTempFile(directory, "koine-totals-", ".int32");
        FileChannel channel = FileChannel.open(
                path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
        try {
            Totals totals = new Totals(channel, tensors);
            if (totals.bytes() > 0) {
                channel.write(ByteBuffer.allocate(1), totals.bytes() - 1);
            }
            unlink(path);
            return totals;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static void unlink(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException stillOpen) {
            LOG.debug("{} stays visible until it is closed", path, stillOpen);
        }
    }

    /**
     * Adds a weighted block from element {@code from} on: every total grows by {@code rint(weight * value / step)}.
     *
     * @throws RejectedException {@code TOTAL_OVERFLOW} if an addend or a total leaves int32, {@code NON_FINITE} if an addend is
     *     not finite; the totals are as they were before the call
     */
    public void add(int tensor, long from, PrunedBlock block, Grid grid, double weight)
            throws IOException, RejectedException {
        apply(tensor, from, block, grid, weight, 1);
    }

    /**
     * {@link #add} modulo 2<sup>32</sup>, for sums that are known to end in range: the end is exact, whatever the order, though a sum
     * on the way may not be.
     *
     * @throws RejectedException {@code TOTAL_OVERFLOW} or {@code NON_FINITE} for an addend that never was in a total
     */
    public void addModular(int tensor, long from, PrunedBlock block, Grid grid, double weight)
            throws IOException, RejectedException {
        Chunks chunks = new Chunks(tensor, from, block, grid, weight);
        for (long done = 0; done < block.numel(); done += CHUNK) {
            chunks.apply((int) done, 1, true);
        }
    }

    /** Takes back what {@link #add} with the same arguments added; refuses as that does. */
    public void subtract(int tensor, long from, PrunedBlock block, Grid grid, double weight)
            throws IOException, RejectedException {
        apply(tensor, from, block, grid, weight, -1);
    }

    /** Reads {@code count} totals of one weight from element {@code from} on. */
    public void read(int tensor, long from, int[] target, int at, int count) throws IOException {
        Objects.checkFromIndexSize(at, count, target.length);
        long start = start(tensor, from, count);
        ByteBuffer bytes = buffers.get().bytes();
        for (long done = 0; done < count; done += CHUNK) {
            int n = (int) Math.min(CHUNK, count - done);
            readInts(bytes, start + done, target, at + (int) done, n);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private void apply(int tensor, long from, PrunedBlock block, Grid grid, double weight, int sign)
            throws IOException, RejectedException {
        Chunks chunks = new Chunks(tensor, from, block, grid, weight);
        for (long done = 0; done < block.numel(); done += CHUNK) {
            try {
                chunks.apply((int) done, sign, false);
            } catch (RejectedException e) {
                for (long undone = done - CHUNK; undone >= 0; undone -= CHUNK) {
                    chunks.apply((int) undone, -sign, false);
                }
                throw e;
            }
        }
    }

    /** One pass over a block; a chunk is written only when every element of it is good. */
    private final class Chunks {
        private final int tensor;
        private final long from;
        private final PrunedBlock block;
        private final Grid grid;
        private final double weight;
        private final long start;
        private final ByteBuffer bytes;
        private final float[] values;
        private final int[] totals;

        Chunks(int tensor, long from, PrunedBlock block, Grid grid, double weight) {
            this.tensor = tensor;
            this.from = from;
            this.block = block;
            this.grid = grid;
            this.weight = weight;
            this.start = start(tensor, from, block.numel());
            Buffers own = buffers.get();
            this.bytes = own.bytes();
            this.values = own.values();
            this.totals = own.totals();
        }

        void apply(int done, int sign, boolean modular) throws IOException, RejectedException {
            int n = Math.min(CHUNK, block.numel() - done);
            block.read(done, n, values, 0);
            readInts(bytes, start + done, totals, 0, n);
            int added = grid.add(totals, 0, values, n, weight, sign, modular);
            if (added < n) {
                long element = from + done + added;
                throw OutOfRange.total(tensors.get(tensor).name(), element, values[added], weight, grid);
            }
            bytes.clear().limit(n * Integer.BYTES);
            bytes.asIntBuffer().put(totals, 0, n);
            long position = (start + done) * Integer.BYTES;
            while (bytes.hasRemaining()) {
                position += channel.write(bytes, position);
            }
        }
    }

    private void readInts(ByteBuffer bytes, long index, int[] target, int at, int count) throws IOException {
        bytes.clear().limit(count * Integer.BYTES);
        long position = index * Integer.BYTES;
        while (bytes.hasRemaining()) {
            int n = channel.read(bytes, position);
            if (n < 0) {
                throw new EOFException("the totals end at byte " + position);
            }
            position += n;
        }
        bytes.flip();
        bytes.asIntBuffer().get(target, at, count);
    }

    private long start(int tensor, long from, int count) {
        Objects.checkIndex(tensor, tensors.size());
        Objects.checkFromIndexSize(from, count, tensors.get(tensor).numel());
        return starts[tensor] + from;
    }

    private long bytes() {
        return Math.multiplyExact(starts[starts.length - 1], (long) Integer.BYTES);
    }
}
