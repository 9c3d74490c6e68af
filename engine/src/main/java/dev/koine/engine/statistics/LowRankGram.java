package dev.koine.engine.statistics;

import dev.koine.engine.linalg.LeadingEigenvectors;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.FloatEncoding;

/**
 * A Gram matrix as statistics keep it, {@code G = diag(d) + F^T F}: its leading eigenvectors, and of all others what they add to the diagonal. On
 * Whisper base 64 of them weigh experts as well as all of it ({@code eval/REAL.md}), in an eighth of the bytes; and no rounding makes of it what is
 * no Gram. The mean of its diagonal is 1, or 0 if there was nothing.
 *
 * @param diagonal d, of n elements, none negative
 * @param rank the rows of F
 * @param factors F, {@code [rank, n]}, row-major
 */
public record LowRankGram(float[] diagonal, int rank, float[] factors) {
    /** How many eigenvectors are kept where nobody says more. */
    public static final int RANK = 64;

    /**
     * The closest one to a matrix.
     *
     * @param packed its lower triangle row by row, or that of a positive multiple
     */
    static LowRankGram of(double[] packed, int n, int most) {
        double[] full = new double[n * n];
        double trace = 0;
        int at = 0;
        for (int i = 0; i < n; i++) {
            trace += packed[at + i];
            for (int j = 0; j <= i; j++) {
                full[i * n + j] = packed[at];
                full[j * n + i] = packed[at++];
            }
        }
        float[] diagonal = new float[n];
        if (!(trace > 0)) {
            return new LowRankGram(diagonal, 0, new float[0]);
        }
        double toUnitMean = n / trace;
        for (int i = 0; i < full.length; i++) {
            full[i] *= toUnitMean;
        }
        int rank = Math.min(most, n);
        float[] factors = new float[rank * n];
        double[][] roots = LeadingEigenvectors.roots(full, n, rank);
        for (int k = 0; k < rank; k++) {
            for (int i = 0; i < n; i++) {
                factors[k * n + i] = FloatEncoding.rounded(ElementType.FLOAT16, (float) roots[k][i]);
            }
        }
        for (int i = 0; i < n; i++) {
            double rest = full[i * n + i];
            for (int k = 0; k < rank; k++) {
                rest -= (double) factors[k * n + i] * factors[k * n + i];
            }
            diagonal[i] = (float) Math.max(0, rest);
        }
        return new LowRankGram(diagonal, rank, factors);
    }

    /** n. */
    public int size() {
        return diagonal.length;
    }

    /** The mean of G's diagonal. */
    public double mean() {
        double sum = 0;
        for (float element : diagonal) {
            sum += element;
        }
        for (float element : factors) {
            sum += (double) element * element;
        }
        return sum / diagonal.length;
    }
}
