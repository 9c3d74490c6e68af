package dev.koine.engine.merge.total;

import dev.koine.engine.RejectedException;
import dev.koine.engine.linalg.Grid;
import dev.koine.engine.taskvector.PrunedBlock;
import dev.koine.engine.tensor.Run;
import dev.koine.engine.tensor.Weight;
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
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import java.util.zip.Checksum;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The running totals of one model: one integer on its tensor's {@link Grid} for every element of every mergeable weight, int32 or
 * int64 as the grid says, in a file, little-endian, weight after weight. Integers, so that a sum has one result in any order and a subtraction undoes an
 * addition.
 *
 * <p>Works in chunks with positioned reads and writes: the heap does not grow with the model, and a full disk is an
 * {@link IOException}. After one of those the file holds no defined totals and is to be made again. Threads may work on ranges
 * that do not touch; a range belongs to one thread at a time.
 */
public final class Totals implements Sums {
    private static final Logger LOG = LoggerFactory.getLogger(Totals.class);
    private final FileChannel channel;
    private final List<Tensor> tensors;
    private final long[] starts;
    private final ThreadLocal<Buffers> buffers = ThreadLocal.withInitial(Buffers::new);

    /** What a thread works in, one chunk at a time. */
    private record Buffers(ByteBuffer bytes, float[] values, int[] totals, long[] wide) {
        Buffers() {
            this(
                    ByteBuffer.allocateDirect(Run.CHUNK * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN),
                    new float[Run.CHUNK],
                    new int[Run.CHUNK],
                    new long[Run.CHUNK]);
        }
    }

    /**
     * A weight that has totals.
     *
     * @param name for messages
     * @param numel the number of its elements
     * @param wide whether its grid is
     */
    public record Tensor(String name, long numel, boolean wide) {
        /** Those of weights, in their order. */
        public static List<Tensor> of(List<Weight> weights, List<Grid> grids) {
            return IntStream.range(0, weights.size())
                    .mapToObj(i -> new Tensor(
                            weights.get(i).key(),
                            weights.get(i).tensor().numel(),
                            grids.get(i).wide()))
                    .toList();
        }

        /** One with totals in int32. */
        public Tensor(String name, long numel) {
            this(name, numel, false);
        }

        private int width() {
            return wide ? Long.BYTES : Integer.BYTES;
        }
    }

    private Totals(FileChannel channel, List<Tensor> tensors) {
        this.channel = channel;
        this.tensors = List.copyOf(tensors);
        this.starts = new long[tensors.size() + 1];
        for (int i = 0; i < tensors.size(); i++) {
            Tensor tensor = tensors.get(i);
            starts[i + 1] = Math.addExact(starts[i], Math.multiplyExact(tensor.numel(), (long) tensor.width()));
        }
    }

    /**
     * Makes totals that are all zero, in a file of their own that is gone when they are closed, and on Unix also when the process is
     * killed; sparse where the file system can.
     *
     * @param directory for the file; four bytes an element, eight where totals are wide
     */
    public static Totals create(Path directory, List<Tensor> tensors) throws IOException {
        Path path = Files.createTempFile(directory, "koine-totals-", ".integers");
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

    /** Every total grows by {@code rint(factor * value / step)}. */
    @Override
    public void add(int tensor, long from, PrunedBlock block, Grid grid, double factor)
            throws IOException, RejectedException {
        apply(tensor, from, block, grid, factor, 1);
    }

    @Override
    public void addModular(int tensor, long from, PrunedBlock block, Grid grid, double factor)
            throws IOException, RejectedException {
        for (Run chunk : Run.chunks(block.numel())) {
            Addends addends = read(tensor, from, block, chunk, grid, factor);
            require(addends, apply(addends, 1, true));
        }
    }

    @Override
    public void subtract(int tensor, long from, PrunedBlock block, Grid grid, double factor)
            throws IOException, RejectedException {
        apply(tensor, from, block, grid, factor, -1);
    }

    @Override
    public void read(int tensor, long from, double[][] target, int count) throws IOException {
        double[] totals = target[0];
        Buffers own = buffers.get();
        boolean wide = tensors.get(tensor).wide();
        for (Run chunk : Run.chunks(count)) {
            int done = chunk.at();
            int n = chunk.count();
            fill(
                    own.bytes(),
                    start(tensor, from + done, n),
                    n * tensors.get(tensor).width());
            if (wide) {
                own.bytes().asLongBuffer().get(own.wide(), 0, n);
            } else {
                own.bytes().asIntBuffer().get(own.totals(), 0, n);
            }
            for (int i = 0; i < n; i++) {
                totals[done + i] = wide ? own.wide()[i] : own.totals()[i];
            }
        }
    }

    /** Reads {@code count} totals of one weight, whose grid is not wide, from element {@code from} on. */
    public void read(int tensor, long from, int[] target, int at, int count) throws IOException {
        Objects.checkFromIndexSize(at, count, target.length);
        requireWidth(tensor, false);
        long start = start(tensor, from, count);
        ByteBuffer bytes = buffers.get().bytes();
        for (Run chunk : Run.chunks(count)) {
            fill(bytes, start + chunk.from() * Integer.BYTES, chunk.count() * Integer.BYTES);
            bytes.asIntBuffer().get(target, at + chunk.at(), chunk.count());
        }
    }

    /**
     * Opens totals in a file that stays when they are closed; made if it is not there, with anything in it.
     *
     * @param file four bytes an element, eight where totals are wide
     */
    public static Totals open(Path file, List<Tensor> tensors) throws IOException {
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
        try {
            Totals totals = new Totals(channel, tensors);
            if (channel.size() < totals.bytes()) {
                channel.write(ByteBuffer.allocate(1), totals.bytes() - 1);
            }
            return totals;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Reads totals of one weight, as many as the array has, from element {@code from} on; their bytes go through the checksum. */
    void read(int tensor, long from, int[] target, Checksum bytes) throws IOException {
        requireWidth(tensor, false);
        read(tensor, from, target.length, bytes, (run, chunk) -> chunk.asIntBuffer()
                .get(target, run.at(), run.count()));
    }

    /** The same of a weight whose grid is wide. */
    void read(int tensor, long from, long[] target, Checksum bytes) throws IOException {
        requireWidth(tensor, true);
        read(tensor, from, target.length, bytes, (run, chunk) -> chunk.asLongBuffer()
                .get(target, run.at(), run.count()));
    }

    private void read(int tensor, long from, int count, Checksum bytes, BiConsumer<Run, ByteBuffer> taken)
            throws IOException {
        int width = tensors.get(tensor).width();
        long start = start(tensor, from, count);
        ByteBuffer chunk = buffers.get().bytes();
        for (Run run : Run.chunks(count)) {
            fill(chunk, start + run.from() * width, run.count() * width);
            taken.accept(run, chunk);
            bytes.update(chunk);
        }
    }

    /** Makes totals of one weight, as many as the array has, those of {@code source}; their bytes go through the checksum. */
    void write(int tensor, long from, int[] source, Checksum bytes) throws IOException {
        requireWidth(tensor, false);
        write(tensor, from, source.length, bytes, (run, chunk) -> chunk.asIntBuffer()
                .put(source, run.at(), run.count()));
    }

    /** The same of a weight whose grid is wide. */
    void write(int tensor, long from, long[] source, Checksum bytes) throws IOException {
        requireWidth(tensor, true);
        write(tensor, from, source.length, bytes, (run, chunk) -> chunk.asLongBuffer()
                .put(source, run.at(), run.count()));
    }

    private void write(int tensor, long from, int count, Checksum bytes, BiConsumer<Run, ByteBuffer> given)
            throws IOException {
        int width = tensors.get(tensor).width();
        long start = start(tensor, from, count);
        ByteBuffer chunk = buffers.get().bytes();
        for (Run run : Run.chunks(count)) {
            chunk.clear().limit(run.count() * width);
            given.accept(run, chunk);
            bytes.update(chunk.duplicate());
            write(chunk, start + run.from() * width);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private void apply(int tensor, long from, PrunedBlock block, Grid grid, double factor, int sign)
            throws IOException, RejectedException {
        for (Run chunk : Run.chunks(block.numel())) {
            Addends addends = read(tensor, from, block, chunk, grid, factor);
            int added = apply(addends, sign, false);
            if (added < chunk.count()) {
                RejectedException refusal = refusal(addends, added);
                for (Run before : Run.chunks(chunk.from())) {
                    Addends back = read(tensor, from, block, before, grid, factor);
                    require(back, apply(back, -sign, false));
                }
                throw refusal;
            }
        }
    }

    private Addends read(int tensor, long from, PrunedBlock block, Run chunk, Grid grid, double factor) {
        float[] values = buffers.get().values();
        block.read(chunk.at(), chunk.count(), values, 0);
        return new Addends(tensor, from + chunk.from(), values, chunk.count(), grid, factor);
    }

    /** Values to add to consecutive totals of a weight; at most {@link Run#CHUNK}. */
    record Addends(int tensor, long from, float[] values, int count, Grid grid, double factor) {}

    /**
     * Adds them, or takes them away for the sign -1.
     *
     * @return their number; or the first that is refused: then none was added
     */
    int apply(Addends addends, int sign, boolean modular) throws IOException {
        Buffers own = buffers.get();
        ByteBuffer bytes = own.bytes();
        Grid grid = addends.grid();
        requireWidth(addends.tensor(), grid.wide());
        int n = addends.count();
        long start = start(addends.tensor(), addends.from(), n);
        int length = n * tensors.get(addends.tensor()).width();
        fill(bytes, start, length);
        int added;
        if (grid.wide()) {
            bytes.asLongBuffer().get(own.wide(), 0, n);
            added = grid.add(own.wide(), 0, addends.values(), n, addends.factor(), sign, modular);
            bytes.asLongBuffer().put(own.wide(), 0, n);
        } else {
            bytes.asIntBuffer().get(own.totals(), 0, n);
            added = grid.add(own.totals(), 0, addends.values(), n, addends.factor(), sign, modular);
            bytes.asIntBuffer().put(own.totals(), 0, n);
        }
        if (added == n) {
            write(bytes, start);
        }
        return added;
    }

    private void write(ByteBuffer bytes, long start) throws IOException {
        long position = start;
        while (bytes.hasRemaining()) {
            position += channel.write(bytes, position);
        }
    }

    private void requireWidth(int tensor, boolean wide) {
        if (tensors.get(tensor).wide() != wide) {
            throw new IllegalArgumentException(
                    "The totals of " + tensors.get(tensor).name() + " are " + (wide ? "not " : "") + "wide.");
        }
    }

    private void require(Addends addends, int added) throws RejectedException {
        if (added < addends.count()) {
            throw refusal(addends, added);
        }
    }

    /** Why an addend is refused. */
    RejectedException refusal(Addends addends, int index) {
        return OutOfRange.total(
                tensors.get(addends.tensor()).name(),
                addends.from() + index,
                addends.values()[index],
                addends.factor(),
                addends.grid());
    }

    private void fill(ByteBuffer bytes, long start, int length) throws IOException {
        bytes.clear().limit(length);
        long position = start;
        while (bytes.hasRemaining()) {
            int n = channel.read(bytes, position);
            if (n < 0) {
                throw new EOFException("the totals end at byte " + position);
            }
            position += n;
        }
        bytes.flip();
    }

    /** The byte where they begin. */
    private long start(int tensor, long from, int count) {
        Objects.checkIndex(tensor, tensors.size());
        Objects.checkFromIndexSize(from, count, tensors.get(tensor).numel());
        return starts[tensor] + from * tensors.get(tensor).width();
    }

    private long bytes() {
        return starts[starts.length - 1];
    }
}
