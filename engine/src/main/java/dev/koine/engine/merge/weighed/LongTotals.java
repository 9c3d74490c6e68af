package dev.koine.engine.merge.weighed;

import dev.koine.engine.tensor.Run;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Totals of {@link FixedPoint fixed-point} numbers in a scratch file: some arrays of int64, little-endian, one after the other. The file is gone
 * when it is closed, and on Unix also when the process is killed; it is sparse where the file system can. Threads may work on different arrays.
 */
final class LongTotals implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LongTotals.class);

    private final FileChannel channel;
    private final long[] starts;
    private final ThreadLocal<ByteBuffer> buffers = ThreadLocal.withInitial(
            () -> ByteBuffer.allocateDirect(Run.CHUNK * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN));

    private LongTotals(FileChannel channel, long[] starts) {
        this.channel = channel;
        this.starts = starts;
    }

    /**
     * Makes totals that are all zero.
     *
     * @param directory for the file: eight bytes an element
     * @param sizes elements of each array
     */
    static LongTotals create(Path directory, List<Integer> sizes) throws IOException {
        long[] starts = new long[sizes.size() + 1];
        for (int i = 0; i < sizes.size(); i++) {
            starts[i + 1] = starts[i] + (long) Long.BYTES * sizes.get(i);
        }
        Path path = Files.createTempFile(directory, "koine-weighed-", ".integers");
        FileChannel channel = FileChannel.open(
                path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
        try {
            if (starts[sizes.size()] > 0) {
                channel.write(ByteBuffer.allocate(1), starts[sizes.size()] - 1);
            }
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
        try {
            Files.deleteIfExists(path);
        } catch (IOException stillOpen) {
            LOG.debug("{} stays visible until it is closed", path, stillOpen);
        }
        return new LongTotals(channel, starts);
    }

    /**
     * Adds to an array, from its element {@code from} on, or takes away. Totals may leave their range, and come back to it; what has no place in any
     * is left out each time, so that a subtraction undoes an addition whatever this returns.
     *
     * @param addends in steps, whole numbers
     * @param sign 1 or -1
     * @return the first element whose addend or total has no place; empty if there is none
     */
    OptionalLong add(int array, long from, double[] addends, int sign) throws IOException {
        ByteBuffer bytes = buffers.get();
        OptionalLong first = OptionalLong.empty();
        for (Run chunk : Run.chunks(addends.length)) {
            long place = place(array, from + chunk.from(), chunk.count());
            fill(bytes, place, chunk.count());
            int out = add(bytes, addends, chunk.at(), chunk.count(), sign);
            bytes.clear().limit(chunk.count() * Long.BYTES);
            for (long position = place; bytes.hasRemaining(); ) {
                position += channel.write(bytes, position);
            }
            if (out < chunk.count() && first.isEmpty()) {
                first = OptionalLong.of(from + chunk.from() + out);
            }
        }
        return first;
    }

    private static int add(ByteBuffer bytes, double[] addends, int at, int count, int sign) {
        int first = count;
        for (int i = count - 1; i >= 0; i--) {
            double addend = addends[at + i];
            boolean hasPlace = Math.abs(addend) < FixedPoint.LIMIT;
            if (hasPlace) {
                long total = bytes.getLong(i * Long.BYTES) + sign * (long) addend;
                bytes.putLong(i * Long.BYTES, total);
                hasPlace = Math.abs(total) < FixedPoint.LIMIT;
            }
            first = hasPlace ? first : i;
        }
        return first;
    }

    /** Reads totals of an array from its element {@code from} on, each as the nearest double. */
    void read(int array, long from, double[] target) throws IOException {
        ByteBuffer bytes = buffers.get();
        for (Run chunk : Run.chunks(target.length)) {
            fill(bytes, place(array, from + chunk.from(), chunk.count()), chunk.count());
            for (int i = 0; i < chunk.count(); i++) {
                target[chunk.at() + i] = bytes.getLong(i * Long.BYTES);
            }
        }
    }

    private long place(int array, long from, int count) {
        long place = starts[array] + from * Long.BYTES;
        if (from < 0 || place + (long) count * Long.BYTES > starts[array + 1]) {
            throw new IndexOutOfBoundsException(from + " and " + count + " more of array " + array);
        }
        return place;
    }

    private void fill(ByteBuffer bytes, long place, int count) throws IOException {
        bytes.clear().limit(count * Long.BYTES);
        for (long position = place; bytes.hasRemaining(); ) {
            int read = channel.read(bytes, position);
            if (read < 0) {
                throw new EOFException("The scratch file of totals has become shorter.");
            }
            position += read;
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
