package dev.koine.bench.shape;

import java.util.List;

/**
 * A tensor of base and expert: where it lies, and its values.
 *
 * <pre>
 *   base     Gaussian, standard deviation 0.02
 *   expert   base + sum over k &lt; rank of 0.85^k u_k v_k^T + noise, where u_k and v_k have about unit norm
 * </pre>
 *
 * @param file the file that holds it in either bundle
 * @param offset its first byte there
 * @param isMatrix whether it is a matrix of attention or feed-forward, as are pruned
 * @param rank the rank of what is planted in it; only matrices have one
 * @param noise the standard deviation of the noise
 */
public record ShapedTensor(
        String file, long offset, List<Integer> dimensions, long seed, boolean isMatrix, int rank, double noise) {
    private static final double BASE_DEVIATION = 0.02;
    private static final double DECAY = 0.85;
    private static final int BASE_STREAM = 0;
    private static final int NOISE_STREAM = 1;
    private static final int LEFT_STREAM = 2;
    private static final int RIGHT_STREAM = 3;

    public int numel() {
        return dimensions.stream().reduce(1, Math::multiplyExact);
    }

    /** Of the rows of a matrix; anything else is one row. */
    public int columns() {
        return isMatrix ? dimensions.get(1) : numel();
    }

    /** Computes elements {@code from} to {@code from + count}; whole rows if something is planted. */
    public void fill(int from, int count, float[] base, float[] expert) {
        Noise.fill(Noise.seed(seed, BASE_STREAM), from, count, BASE_DEVIATION, base);
        Noise.fill(Noise.seed(seed, NOISE_STREAM), from, count, noise, expert);
        if (rank > 0) {
            plant(from / columns(), count / columns(), expert);
        }
        for (int i = 0; i < count; i++) {
            expert[i] += base[i];
        }
    }

    private void plant(int firstRow, int rows, float[] delta) {
        int columns = columns();
        float[] u = new float[rows * rank];
        float[][] v = new float[rank][columns];
        float[] row = new float[columns];
        Noise.fill(
                Noise.seed(seed, LEFT_STREAM), (long) firstRow * rank, u.length, 1 / Math.sqrt(dimensions.get(0)), u);
        for (int k = 0; k < rank; k++) {
            Noise.fill(Noise.seed(seed, RIGHT_STREAM), (long) k * columns, columns, 1 / Math.sqrt(columns), v[k]);
        }
        for (int i = 0; i < rows; i++) {
            System.arraycopy(delta, i * columns, row, 0, columns);
            for (int k = 0; k < rank; k++) {
                addScaled((float) (Math.pow(DECAY, k) * u[i * rank + k]), v[k], row);
            }
            System.arraycopy(row, 0, delta, i * columns, columns);
        }
    }

    /** Between arrays of their own, without offsets: only so is it vectorised. */
    private static void addScaled(float factor, float[] source, float[] target) {
        for (int j = 0; j < target.length; j++) {
            target[j] += factor * source[j];
        }
    }
}
