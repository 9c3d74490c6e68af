package dev.koine.engine.tensor;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Reads a {@link Joined} tensor: of each row the parts that the range meets. */
final class JoinedReader implements ElementReader {
    private final long numel;
    private final long width;
    private final List<Piece> pieces;

    /**
     * One part.
     *
     * @param column where it begins in a row
     * @param width elements of it in a row
     */
    private record Piece(TensorReader reader, float factor, long column, long width) {}

    private JoinedReader(long numel, long width, List<Piece> pieces) {
        this.numel = numel;
        this.width = width;
        this.pieces = pieces;
    }

    /** Along the first axis the whole is one row, in which each part is one run. */
    static JoinedReader open(Joined joined) throws IOException {
        boolean inRows = joined.axis() > 0;
        List<Piece> pieces = new ArrayList<>();
        long column = 0;
        try {
            for (Joined.Part part : joined.parts()) {
                TensorInfo tensor = part.tensor();
                long own = inRows ? tensor.shape().get(joined.axis()) : tensor.numel();
                pieces.add(new Piece(TensorReader.open(tensor), part.factor(), column, own));
                column += own;
            }
        } catch (IOException | RuntimeException e) {
            pieces.forEach(piece -> piece.reader().close());
            throw e;
        }
        long numel = joined.shape().stream().mapToLong(Long::longValue).reduce(1, Math::multiplyExact);
        return new JoinedReader(numel, column, List.copyOf(pieces));
    }

    @Override
    public long numel() {
        return numel;
    }

    @Override
    public void read(long from, float[] target, int at, int count) throws IOException {
        Objects.checkFromIndexSize(from, count, numel);
        Objects.checkFromIndexSize(at, count, target.length);
        long end = from + count;
        for (long row = count == 0 ? end : from / width; row * width < end; row++) {
            for (Piece piece : pieces) {
                long start = row * width + piece.column();
                long first = Math.max(from, start);
                long last = Math.min(end, start + piece.width());
                if (first < last) {
                    int place = at + (int) (first - from);
                    int length = (int) (last - first);
                    piece.reader().read(row * piece.width() + first - start, target, place, length);
                    scale(target, place, length, piece.factor());
                }
            }
        }
    }

    private static void scale(float[] values, int at, int count, float factor) {
        if (factor != 1) {
            for (int i = at; i < at + count; i++) {
                values[i] *= factor;
            }
        }
    }

    @Override
    public void close() {
        pieces.forEach(piece -> piece.reader().close());
    }
}
