package dev.koine.engine.tensor;

import dev.koine.engine.ShortFileException;
import dev.koine.engine.tensor.TensorInfo.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads the elements of one float tensor as float32, any range at a time, wherever they lie and however they are aligned. Its bytes are
 * mapped, not held on the heap. Safe for several threads. The file must not change while it is open.
 */
public final class TensorReader implements ElementReader {
    private static final long SEGMENT = 1L << 30;

    /** Rows of a matrix stored by columns that are read at once: as many elements of a column lie side by side in the file. */
    static final int TILE = 64;

    /** Elements of a column that are read one by one, since a view of them costs more. */
    private static final int FEW = 8;

    private final TensorInfo tensor;
    private final long numel;
    private final @Nullable Varints varints;
    private volatile List<ByteBuffer> segments;

    private TensorReader(TensorInfo tensor, List<ByteBuffer> segments) {
        this.tensor = tensor;
        this.numel = tensor.numel();
        this.segments = segments;
        this.varints = tensor.storage() == Storage.VARINTS ? new Varints(segments, SEGMENT, numel) : null;
    }

    /**
     * Opens a tensor of float32, float16 or bfloat16.
     *
     * @throws IllegalArgumentException if its elements are of another type
     * @throws ShortFileException if its file ends before the tensor does
     * @throws IOException if its file cannot be opened, or is no regular file
     */
    public static TensorReader open(TensorInfo tensor) throws IOException {
        if (!tensor.type().isMergeable()) {
            throw new IllegalArgumentException("Tensors of type " + tensor.type() + " are never merged.");
        }
        if (!Files.readAttributes(tensor.file(), BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .isRegularFile()) {
            throw new FileSystemException(tensor.file().toString(), null, "is no regular file");
        }
        List<ByteBuffer> segments = new ArrayList<>();
        try (FileChannel channel =
                FileChannel.open(tensor.file(), StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            if (channel.size() < tensor.offset() + tensor.length()) {
                throw new ShortFileException(tensor.file());
            }
            for (long start = 0; start < tensor.length(); start += SEGMENT) {
                long length = Math.min(SEGMENT, tensor.length() - start);
                segments.add(channel.map(FileChannel.MapMode.READ_ONLY, tensor.offset() + start, length)
                        .order(ByteOrder.LITTLE_ENDIAN));
            }
        }
        return new TensorReader(tensor, List.copyOf(segments));
    }

    /**
     * Opens the tensors of weights, in their order: all, or none.
     *
     * @throws IOException as {@link #open}
     */
    public static List<TensorReader> openAll(List<Weight> weights) throws IOException {
        List<TensorReader> readers = new ArrayList<>();
        try {
            for (Weight weight : weights) {
                readers.add(open(weight.tensor()));
            }
            return readers;
        } catch (IOException | RuntimeException e) {
            readers.forEach(TensorReader::close);
            throw e;
        }
    }

    @Override
    public long numel() {
        return numel;
    }

    @Override
    public void read(long from, float[] target, int at, int count) throws IOException {
        Objects.checkFromIndexSize(from, count, numel);
        Objects.checkFromIndexSize(at, count, target.length);
        List<ByteBuffer> open = segments;
        if (open.isEmpty() && count > 0) {
            throw new IOException("The reader of tensor " + tensor.name() + " is closed.");
        }
        if (varints != null) {
            readVarints(varints, from, target, at, count);
        } else if (tensor.storage() == Storage.COLUMNS) {
            readColumns(open, from, target, at, count);
        } else {
            readBytes(open, from, target, at, count);
        }
    }

    private void readBytes(List<ByteBuffer> open, long from, float[] target, int at, int count) throws IOException {
        int width = tensor.type().bytes();
        for (int done = 0; done < count; ) {
            long position = (from + done) * width;
            int inSegment = (int) (position % SEGMENT);
            ByteBuffer segment =
                    open.get((int) (position / SEGMENT)).duplicate().order(ByteOrder.LITTLE_ENDIAN);
            segment.position(inSegment);
            int now = Math.min(count - done, segment.remaining() / width);
            decode(segment, target, at + done, now);
            done += now;
        }
    }

    /** A tile of rows after the other; of each the columns that the range meets, a column's elements together. */
    private void readColumns(List<ByteBuffer> open, long from, float[] target, int at, int count) throws IOException {
        long rows = tensor.shape().get(0);
        long columns = tensor.shape().get(1);
        long end = from + count;
        float[] column = new float[TILE];
        for (long top = count == 0 ? rows : from / columns; top * columns < end; top += TILE) {
            long bottom = Math.min(Math.min(rows, top + TILE), (end + columns - 1) / columns);
            for (long j = 0; j < columns; j++) {
                long first = top * columns + j < from ? top + 1 : top;
                long last = (bottom - 1) * columns + j >= end ? bottom - 1 : bottom;
                int tall = (int) (last - first);
                int place = at + (int) (first * columns + j - from);
                if (tall > 0 && tall <= FEW) {
                    for (int i = 0; i < tall; i++) {
                        target[place + (int) (i * columns)] = element(open, j * rows + first + i);
                    }
                } else if (tall > 0) {
                    readBytes(open, j * rows + first, column, 0, tall);
                    for (int i = 0; i < tall; i++) {
                        target[place + (int) (i * columns)] = column[i];
                    }
                }
            }
        }
    }

    private float element(List<ByteBuffer> open, long index) throws IOException {
        long position = index * tensor.type().bytes();
        ByteBuffer segment = open.get((int) (position / SEGMENT));
        int at = (int) (position % SEGMENT);
        try {
            return switch (tensor.type()) {
                case FLOAT -> segment.getFloat(at);
                case FLOAT16 -> FloatEncoding.fromFloat16(segment.getShort(at));
                default -> FloatEncoding.fromBfloat16(segment.getShort(at));
            };
        } catch (InternalError e) {
            throw shortFile(tensor, e);
        }
    }

    private void readVarints(Varints numbers, long from, float[] target, int at, int count) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(2 * Math.min(Run.CHUNK, count)).order(ByteOrder.LITTLE_ENDIAN);
        for (Run chunk : Run.chunks(count)) {
            try {
                numbers.read(from + chunk.from(), chunk.count(), bytes.clear());
            } catch (InternalError e) {
                throw shortFile(tensor, e);
            }
            decode(bytes.flip(), target, at + chunk.at(), chunk.count());
        }
    }

    private void decode(ByteBuffer segment, float[] target, int at, int count) throws IOException {
        try {
            FloatEncoding.decode(tensor.type(), segment, target, at, count);
        } catch (InternalError e) {
            throw shortFile(tensor, e);
        }
    }

    private static ShortFileException shortFile(TensorInfo tensor, InternalError cause) {
        ShortFileException failure = new ShortFileException(tensor.file());
        failure.initCause(cause);
        return failure;
    }

    /** Lets go of the mapped bytes; the collector unmaps them. */
    @Override
    public void close() {
        segments = List.of();
    }
}
