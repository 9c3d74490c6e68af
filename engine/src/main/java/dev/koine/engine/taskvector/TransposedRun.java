package dev.koine.engine.taskvector;

/**
 * A run of elements of a matrix that is put together from blocks of its transpose.
 *
 * @param rows of the matrix
 * @param columns of the matrix
 * @param from the run's first element, row-major
 * @param count the number of its elements
 */
public record TransposedRun(long rows, long columns, long from, int count) {

    /** Whether a block of the transpose, from its element {@code first} to before {@code end}, has elements of the run. */
    public boolean has(long first, long end) {
        for (long row = from / columns; row <= (from + count - 1) / columns; row++) {
            if (low(row, first) < high(row, end)) {
                return true;
            }
        }
        return false;
    }

    /** The values of a run of which no block is known. */
    public float[] zeros() {
        return new float[count];
    }

    /**
     * Takes what a block has of the run.
     *
     * @param block of the transpose
     * @param first its first element there
     * @param values of the run
     */
    public void take(PrunedBlock block, long first, float[] values) {
        long end = first + block.numel();
        float[] elements = new float[block.numel()];
        block.read(0, elements.length, elements, 0);
        for (long row = from / columns; row <= (from + count - 1) / columns; row++) {
            long low = low(row, first);
            int to = (int) (row * columns + low - from);
            long at = low * rows + row - first;
            for (long left = high(row, end) - low; left > 0; left--) {
                values[to++] = elements[(int) at];
                at += rows;
            }
        }
    }

    /** Values of a run as a block. */
    public static PrunedBlock block(float[] values) {
        return DenseBlock.of(values);
    }

    /** The first column of a row that is in the run and, in the transpose, not before {@code first}. */
    private long low(long row, long first) {
        return Math.max(Math.max(0, from - row * columns), -Math.floorDiv(row - first, rows));
    }

    /** The column behind the last one of a row that is in the run and, in the transpose, before {@code end}. */
    private long high(long row, long end) {
        return Math.min(Math.min(columns, from + count - row * columns), -Math.floorDiv(row - end, rows));
    }
}
