package dev.koine.engine.onnx.graph;

import dev.koine.engine.ShortFileException;
import dev.koine.engine.onnx.wire.CanonicalText;
import dev.koine.engine.tensor.Run;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.TensorInfo.Storage;
import dev.koine.engine.tensor.TensorReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;

/** Compares the bytes of tensors, a block at a time and only until they differ. Keeps few files open; for one thread. */
public final class TensorBytes implements AutoCloseable {
    private static final int FIRST_BLOCK = 1 << 10;
    private static final int BLOCK = 1 << 16;
    private static final int TILE = 1 << 20;
    private static final int WIDEST_TILE = 1 << 13;
    private static final int PROBES = 16;

    private final OpenFiles files = new OpenFiles(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);

    /** Whether two tensors have one element type and shape and the same elements, bit for bit, however each is stored. */
    public boolean areEqual(StoredTensor a, StoredTensor b) throws IOException {
        if (a.onnxType() != b.onnxType() || !a.info().shape().equals(b.info().shape())) {
            return false;
        }
        if (a.isOpaque() || b.isOpaque()) {
            return digest(a).equals(digest(b));
        }
        return a.info().length() == b.info().length()
                && (isSameRange(a.info(), b.info()) || haveEqualBytes(a.info(), b.info()));
    }

    private String digest(StoredTensor tensor) throws IOException {
        if (tensor.digest().isPresent()) {
            return tensor.digest().get();
        }
        MessageDigest digest = CanonicalText.sha256();
        TensorInfo info = tensor.info();
        byte[] block = new byte[(int) Math.min(BLOCK, info.length())];
        for (long done = 0; done < info.length(); ) {
            int count = (int) Math.min(block.length, info.length() - done);
            read(info.file(), info.offset() + done, block, count);
            digest.update(block, 0, count);
            done += count;
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    public static boolean isSameRange(TensorInfo a, TensorInfo b) {
        return a.offset() == b.offset() && a.length() == b.length() && a.file().equals(b.file());
    }

    /** A hash of the first bytes: different for most different tensors, equal for equal ones. */
    public int fingerprint(TensorInfo tensor) throws IOException {
        byte[] first = new byte[(int) Math.min(FIRST_BLOCK, tensor.length())];
        read(tensor.file(), tensor.offset(), first, first.length);
        return Arrays.hashCode(first);
    }

    /**
     * A hash of a few elements of a matrix that is stored as bytes; {@code isTransposed}, of those of its transpose at the same rows and
     * columns.
     */
    public int corner(TensorInfo matrix, boolean isTransposed) throws IOException {
        int width = matrix.type().bytes();
        long columns = matrix.shape().get(1);
        long size = Math.min(matrix.shape().get(0), columns);
        byte[] element = new byte[width];
        int hash = 1;
        for (int i = 0; i < PROBES; i++) {
            long row = i * 7L % size;
            long column = (i * 5L + 1) % size;
            long at = isTransposed ? column * columns + row : row * columns + column;
            read(matrix.file(), matrix.offset() + at * width, element, width);
            hash = 31 * hash + Arrays.hashCode(element);
        }
        return hash;
    }

    private boolean haveEqualBytes(TensorInfo a, TensorInfo b) throws IOException {
        int block = FIRST_BLOCK;
        byte[] left = new byte[(int) Math.min(BLOCK, a.length())];
        byte[] right = new byte[left.length];
        for (long done = 0; done < a.length(); ) {
            int count = (int) Math.min(Math.min(block, left.length), a.length() - done);
            read(a.file(), a.offset() + done, left, count);
            read(b.file(), b.offset() + done, right, count);
            if (!Arrays.equals(left, 0, count, right, 0, count)) {
                return false;
            }
            done += count;
            block = BLOCK;
        }
        return true;
    }

    /**
     * Whether matrix {@code a} of shape {@code [m, n]} is the transpose of {@code b} of shape {@code [n, m]}, bit for bit; of varints, by a
     * hash.
     */
    public boolean areTransposed(TensorInfo a, TensorInfo b) throws IOException {
        if (a.type() != b.type()
                || a.shape().size() != 2
                || b.shape().size() != 2
                || !a.shape().get(0).equals(b.shape().get(1))
                || !a.shape().get(1).equals(b.shape().get(0))) {
            return false;
        }
        if (a.storage() == Storage.VARINTS || b.storage() == Storage.VARINTS) {
            return placed(a, false) == placed(b, true);
        }
        int width = a.type().bytes();
        long rows = a.shape().get(0);
        long columns = a.shape().get(1);
        int breadth = (int) Math.min(WIDEST_TILE, columns);
        int tileRows = breadth == 0 ? 1 : TILE / breadth;
        for (long row = 0; row < rows; ) {
            int height = row == 0 ? 1 : (int) Math.min(tileRows, rows - row);
            for (long column = 0; column < columns; column += breadth) {
                int count = (int) Math.min(breadth, columns - column);
                if (!isTileTransposed(a, b, row, height, column, count, width)) {
                    return false;
                }
            }
            row += height;
        }
        return true;
    }

    /** A hash over each element with its row and column, or column and row: of varints no column can be read without all before. */
    private static long placed(TensorInfo tensor, boolean isTransposed) throws IOException {
        long columns = tensor.shape().get(1);
        float[] values = new float[Run.CHUNK];
        long hash = 0;
        try (TensorReader reader = TensorReader.open(tensor)) {
            for (Run chunk : Run.chunks(reader.numel())) {
                reader.read(chunk.from(), values, 0, chunk.count());
                for (int i = 0; i < chunk.count(); i++) {
                    long row = (chunk.from() + i) / columns;
                    long column = (chunk.from() + i) % columns;
                    long place = isTransposed ? column << 32 | row : row << 32 | column;
                    hash += mixed(mixed(place) + Float.floatToRawIntBits(values[i]));
                }
            }
        }
        return hash;
    }

    /** The finaliser of SplitMix64. */
    private static long mixed(long value) {
        long mixed = (value + 0x9e3779b97f4a7c15L);
        mixed = (mixed ^ (mixed >>> 30)) * 0xbf58476d1ce4e5b9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
        return mixed ^ (mixed >>> 31);
    }

    private boolean isTileTransposed(
            TensorInfo a, TensorInfo b, long row, int height, long column, int breadth, int width) throws IOException {
        long rows = a.shape().get(0);
        long columns = a.shape().get(1);
        byte[] tile = new byte[height * breadth * width];
        byte[] line = new byte[breadth * width];
        for (int i = 0; i < height; i++) {
            read(a.file(), a.offset() + ((row + i) * columns + column) * width, line, line.length);
            System.arraycopy(line, 0, tile, i * line.length, line.length);
        }
        byte[] other = new byte[height * width];
        for (int j = 0; j < breadth; j++) {
            read(b.file(), b.offset() + ((column + j) * rows + row) * width, other, other.length);
            for (int i = 0; i < height; i++) {
                int at = (i * breadth + j) * width;
                if (!Arrays.equals(tile, at, at + width, other, i * width, (i + 1) * width)) {
                    return false;
                }
            }
        }
        return true;
    }

    private void read(Path file, long position, byte[] target, int count) throws IOException {
        files.use(file, channel -> {
            ByteBuffer buffer = ByteBuffer.wrap(target, 0, count);
            while (buffer.hasRemaining()) {
                if (channel.read(buffer, position + buffer.position()) < 0) {
                    throw new ShortFileException(file);
                }
            }
        });
    }

    @Override
    public void close() throws IOException {
        files.close();
    }
}
