package dev.koine.engine.linalg;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The Cholesky factor of a symmetric positive definite matrix (Golub and Van Loan, Matrix Computations, 4.2).
 *
 * @param size n
 * @param lower the factor L with {@code A = L L^T}, its lower triangle row by row: row i has i + 1 elements
 * @param upper the same, {@code L^T}, its upper triangle row by row: row i has n - i elements
 */
public record Cholesky(int size, double[] lower, double[] upper) implements SymmetricSolver {
    private static final int AT_ONCE = 4;

    /** The number of elements of a triangle, its diagonal among them. */
    public static int packed(int size) {
        return Math.toIntExact((long) size * (size + 1) / 2);
    }

    /**
     * Factors a matrix.
     *
     * @param matrix has the lower triangle of A row by row; not changed
     * @return null if it is not positive definite
     */
    public static @Nullable Cholesky of(double[] matrix, int size) {
        double[] upper = transposed(matrix, size);
        double[] lower = new double[packed(size)];
        for (int from = 0; from < size; from += AT_ONCE) {
            int to = Math.min(size, from + AT_ONCE);
            for (int k = from; k < to; k++) {
                int row = start(k, size);
                double pivot = upper[row];
                if (!(pivot > 0) || !Double.isFinite(pivot)) {
                    return null;
                }
                double root = Math.sqrt(pivot);
                for (int j = row; j < row + size - k; j++) {
                    upper[j] /= root;
                }
                for (int i = k + 1; i < to; i++) {
                    subtract(upper, row + i - k, start(i, size), size - i);
                }
            }
            for (int i = to; i < size; i++) {
                subtract(upper, from, to, i, size);
            }
        }
        for (int i = 0; i < size; i++) {
            int row = start(i, size);
            for (int j = i; j < size; j++) {
                lower[j * (j + 1) / 2 + i] = upper[row + j - i];
            }
        }
        return new Cholesky(size, lower, upper);
    }

    /** Where row i of an upper triangle begins. */
    private static int start(int i, int size) {
        return i * size - i * (i - 1) / 2;
    }

    private static double[] transposed(double[] lower, int size) {
        double[] upper = new double[packed(size)];
        for (int i = 0; i < size; i++) {
            int row = i * (i + 1) / 2;
            for (int j = 0; j <= i; j++) {
                upper[start(j, size) + i - j] = lower[row + j];
            }
        }
        return upper;
    }

    /** Takes one row, times its first element here, from another. */
    private static void subtract(double[] upper, int row, int target, int count) {
        double factor = upper[row];
        for (int j = 0; j < count; j++) {
            upper[target + j] -= factor * upper[row + j];
        }
    }

    /** Takes the rows {@code from} to {@code to}, each times its element in column i, from row i. */
    private static void subtract(double[] upper, int from, int to, int i, int size) {
        int target = start(i, size);
        int count = size - i;
        if (to - from < AT_ONCE) {
            for (int k = from; k < to; k++) {
                subtract(upper, start(k, size) + i - k, target, count);
            }
            return;
        }
        int a = start(from, size) + i - from;
        int b = start(from + 1, size) + i - from - 1;
        int c = start(from + 2, size) + i - from - 2;
        int d = start(from + 3, size) + i - from - 3;
        double fa = upper[a];
        double fb = upper[b];
        double fc = upper[c];
        double fd = upper[d];
        for (int j = 0; j < count; j++) {
            upper[target + j] -= ((fa * upper[a + j] + fb * upper[b + j]) + fc * upper[c + j]) + fd * upper[d + j];
        }
    }

    @Override
    public void solve(double[] tile, int width) {
        double[] sum = new double[width];
        for (int i = 0; i < size; i++) {
            int row = i * (i + 1) / 2;
            Arrays.fill(sum, 0);
            RowSums.add(lower, row, tile, 0, i, width, sum);
            divide(tile, i * width, width, sum, lower[row + i]);
        }
        for (int i = size - 1; i >= 0; i--) {
            int row = start(i, size);
            Arrays.fill(sum, 0);
            RowSums.add(upper, row + 1, tile, i + 1, size - 1 - i, width, sum);
            divide(tile, i * width, width, sum, upper[row]);
        }
    }

    private static void divide(double[] tile, int at, int width, double[] sum, double pivot) {
        for (int j = 0; j < width; j++) {
            tile[at + j] = (tile[at + j] - sum[j]) / pivot;
        }
    }
}
