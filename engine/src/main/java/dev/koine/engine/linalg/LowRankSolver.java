package dev.koine.engine.linalg;

import java.util.Arrays;

/**
 * Solves with a positive diagonal and a positive semidefinite matrix of low rank, {@code A = D + V^T V} (Sherman, Morrison and Woodbury; Golub and Van
 * Loan, Matrix Computations, 2.1.4):
 *
 * <pre>
 *   A^-1 B = D^-1 B - D^-1 V^T (I + V D^-1 V^T)^-1 V D^-1 B
 * </pre>
 *
 * <p>Where the rank is half of the size or more, A itself is factored, which then takes less.
 */
public final class LowRankSolver implements SymmetricSolver {
    private final int size;
    private final int rank;
    private final double[] inverse;
    private final double[] rows;
    private final double[] columns;
    private final Cholesky inner;

    private LowRankSolver(int size, int rank, double[] inverse, double[] rows, double[] columns, Cholesky inner) {
        this.size = size;
        this.rank = rank;
        this.inverse = inverse;
        this.rows = rows;
        this.columns = columns;
        this.inner = inner;
    }

    /**
     * What solves with such a sum.
     *
     * @param diagonal n, all positive and finite
     * @param rows V, {@code [rank, n]}, row-major
     */
    public static SymmetricSolver of(double[] diagonal, double[] rows, int rank) {
        int n = diagonal.length;
        double[] columns = new double[n * rank];
        for (int k = 0; k < rank; k++) {
            for (int i = 0; i < n; i++) {
                columns[i * rank + k] = rows[k * n + i];
            }
        }
        if (2 * rank >= n) {
            return factored(triangle(columns, n, rank, diagonal), n);
        }
        double[] inverse = Arrays.stream(diagonal).map(d -> 1 / d).toArray();
        double[] scaled = new double[rank * n];
        for (int k = 0; k < rank; k++) {
            for (int i = 0; i < n; i++) {
                scaled[k * n + i] = rows[k * n + i] * Math.sqrt(inverse[i]);
            }
        }
        double[] ones = new double[rank];
        Arrays.fill(ones, 1);
        return new LowRankSolver(n, rank, inverse, rows, columns, factored(triangle(scaled, rank, n, ones), rank));
    }

    private static Cholesky factored(double[] triangle, int n) {
        Cholesky factor = Cholesky.of(triangle, n);
        if (factor == null) {
            throw new IllegalArgumentException("a diagonal that is not positive, or elements that are not finite");
        }
        return factor;
    }

    /** The lower triangle of {@code M M^T} and a diagonal, for M of {@code [n, inner]}. */
    private static double[] triangle(double[] matrix, int n, int inner, double[] diagonal) {
        double[] transposed = new double[inner * n];
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < inner; k++) {
                transposed[k * n + i] = matrix[i * inner + k];
            }
        }
        double[] triangle = new double[Cholesky.packed(n)];
        double[] row = new double[n];
        for (int i = 0; i < n; i++) {
            Arrays.fill(row, 0);
            RowSums.add(matrix, i * inner, transposed, 0, inner, n, i + 1, row);
            row[i] += diagonal[i];
            System.arraycopy(row, 0, triangle, i * (i + 1) / 2, i + 1);
        }
        return triangle;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public void solve(double[] tile, int width) {
        for (int i = 0; i < size; i++) {
            for (int j = 0; j < width; j++) {
                tile[i * width + j] *= inverse[i];
            }
        }
        double[] seen = new double[rank * width];
        double[] sum = new double[width];
        for (int k = 0; k < rank; k++) {
            Arrays.fill(sum, 0);
            RowSums.add(rows, k * size, tile, 0, size, width, sum);
            System.arraycopy(sum, 0, seen, k * width, width);
        }
        inner.solve(seen, width);
        for (int i = 0; i < size; i++) {
            Arrays.fill(sum, 0);
            RowSums.add(columns, i * rank, seen, 0, rank, width, sum);
            for (int j = 0; j < width; j++) {
                tile[i * width + j] -= inverse[i] * sum[j];
            }
        }
    }
}
