package dev.koine.bench.machine;

import java.util.Arrays;

/**
 * Adds multiples of a matrix's rows to one vector, four rows at a time, as a product with the transposed matrix does. A matrix of four
 * rows stays in the first cache, one of a real layer streams from wherever it fits.
 */
public final class MultiplyAdd {
    private static final int CACHED_COLUMNS = 1 << 10;
    private static final int SWEEPS = 1 << 8;

    private final float[][] rows;
    private final float[] sum;
    private float factor = 1e-9f;

    private MultiplyAdd(int rows, int columns) {
        this.rows = new float[rows][columns];
        this.sum = new float[columns];
        for (float[] row : this.rows) {
            Arrays.fill(row, 1e-9f);
        }
    }

    /** Operations in the first cache, with the product and the sum rounded each. */
    public static Probe cached() {
        MultiplyAdd matrix = new MultiplyAdd(4, CACHED_COLUMNS);
        return () -> {
            for (int s = 0; s < SWEEPS; s++) {
                matrix.sweep();
            }
            return 8.0 * CACHED_COLUMNS * SWEEPS;
        };
    }

    /** Operations in the first cache, with the product and the sum rounded once; far slower where the processor has no such thing. */
    public static Probe cachedFused() {
        MultiplyAdd matrix = new MultiplyAdd(4, CACHED_COLUMNS);
        return () -> {
            for (int s = 0; s < SWEEPS; s++) {
                matrix.sweepFused();
            }
            return 8.0 * CACHED_COLUMNS * SWEEPS;
        };
    }

    /** Bytes of a matrix of this size, streamed. */
    public static Probe streaming(int rows, int columns) {
        MultiplyAdd matrix = new MultiplyAdd(rows, columns);
        return () -> {
            matrix.sweep();
            return (double) Float.BYTES * rows * columns;
        };
    }

    private void sweep() {
        factor = -factor;
        for (int i = 0; i < rows.length; i += 4) {
            add(rows[i], rows[i + 1], rows[i + 2], rows[i + 3], factor, sum);
        }
    }

    private void sweepFused() {
        factor = -factor;
        for (int i = 0; i < rows.length; i += 4) {
            addFused(rows[i], rows[i + 1], rows[i + 2], rows[i + 3], factor, sum);
        }
    }

    private static void add(float[] a, float[] b, float[] c, float[] d, float t, float[] y) {
        for (int j = 0; j < y.length; j++) {
            y[j] += (t * a[j] + t * b[j]) + (t * c[j] + t * d[j]);
        }
    }

    private static void addFused(float[] a, float[] b, float[] c, float[] d, float t, float[] y) {
        for (int j = 0; j < y.length; j++) {
            y[j] = Math.fma(t, a[j], Math.fma(t, b[j], Math.fma(t, c[j], Math.fma(t, d[j], y[j]))));
        }
    }
}
