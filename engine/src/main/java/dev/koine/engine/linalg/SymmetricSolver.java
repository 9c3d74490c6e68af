package dev.koine.engine.linalg;

/**
 * Solves with a symmetric positive definite matrix A, in double: plain Java in one fixed order, so that every machine has the same bits.
 * Safe for several threads.
 */
public interface SymmetricSolver {
    /** Columns that are solved at once: with thousands of rows they stay in the second cache. */
    int TILE = 64;

    /** n. */
    int size();

    /**
     * Solves {@code A X = B} in place.
     *
     * @param tile {@code [n, width]} of B, row-major; of X afterwards
     */
    void solve(double[] tile, int width);

    /**
     * Solves {@code A X = B} in place; or, for rows, {@code X A = B}.
     *
     * @param matrix {@code [n, other]}, row-major; for rows {@code [other, n]}
     */
    default void solve(double[] matrix, int other, boolean isOfRows) {
        int n = size();
        double[] tile = new double[n * Math.min(TILE, other)];
        for (int from = 0; from < other; from += TILE) {
            int width = Math.min(TILE, other - from);
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < width; j++) {
                    tile[i * width + j] = matrix[isOfRows ? (from + j) * n + i : i * other + from + j];
                }
            }
            solve(tile, width);
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < width; j++) {
                    matrix[isOfRows ? (from + j) * n + i : i * other + from + j] = tile[i * width + j];
                }
            }
        }
    }
}
