package dev.koine.engine.linalg;

/** Sums of rows, each times a factor, four rows at a time and in the order of their indexes. */
public final class RowSums {
    private static final int AT_ONCE = 4;

    private RowSums() {}

    /**
     * Adds {@code count} rows of a matrix to a sum, each times its factor.
     *
     * @param factors one a row, from {@code at} on
     * @param matrix rows of {@code width} elements
     * @param first the first of these rows
     */
    public static void add(double[] factors, int at, double[] matrix, int first, int count, int width, double[] sum) {
        add(factors, at, matrix, first, count, width, width, sum);
    }

    /** The same of the first {@code columns} elements of each row. */
    static void add(
            double[] factors, int at, double[] matrix, int first, int count, int width, int columns, double[] sum) {
        int k = 0;
        for (; k + AT_ONCE <= count; k += AT_ONCE) {
            double fa = factors[at + k];
            double fb = factors[at + k + 1];
            double fc = factors[at + k + 2];
            double fd = factors[at + k + 3];
            int a = (first + k) * width;
            int b = a + width;
            int c = b + width;
            int d = c + width;
            for (int j = 0; j < columns; j++) {
                sum[j] += ((fa * matrix[a + j] + fb * matrix[b + j]) + fc * matrix[c + j]) + fd * matrix[d + j];
            }
        }
        for (; k < count; k++) {
            double factor = factors[at + k];
            int row = (first + k) * width;
            for (int j = 0; j < columns; j++) {
                sum[j] += factor * matrix[row + j];
            }
        }
    }
}
