package dev.koine.engine.linalg;

import java.util.Arrays;

/**
 * The product of {@code D^T D} and a vector, for a float32 matrix {@code D} of shape {@code [rows, columns]}, row-major, at about unit
 * norm.
 *
 * <p>A product streams {@code D} once, a few rows at a time that stay in the first cache for both of its halves; every sum has one
 * fixed order. Sums over rows are float32 within a panel of rows and double across panels.
 */
final class Gram {
    private static final int PANEL = 64;
    private static final int ROWS_AT_ONCE = 4;

    private final float[] d;
    private final int rows;
    private final int columns;
    private final Kernels kernels;
    private final float[] narrow;
    private final float[] panel;

    /** @param d is read as long as this is used */
    Gram(float[] d, int rows, int columns, Kernels kernels) {
        this.d = d;
        this.rows = rows;
        this.columns = columns;
        this.kernels = kernels;
        this.narrow = new float[columns];
        this.panel = new float[columns];
    }

    int rows() {
        return rows;
    }

    int columns() {
        return columns;
    }

    /**
     * Sets {@code w} to {@code D^T D v}.
     *
     * @param v length {@code columns}; rounded to float32 first
     * @param w length {@code columns}
     * @return {@code D v}, length {@code rows}
     */
    float[] multiply(double[] v, double[] w) {
        for (int j = 0; j < columns; j++) {
            narrow[j] = (float) v[j];
        }
        Arrays.fill(w, 0);
        float[] t = new float[rows];
        for (int i0 = 0; i0 < rows; i0 += PANEL) {
            int i1 = Math.min(i0 + PANEL, rows);
            Arrays.fill(panel, 0);
            for (int i = i0; i < i1; i += ROWS_AT_ONCE) {
                int count = Math.min(ROWS_AT_ONCE, i1 - i);
                kernels.dots(d, i * columns, count, narrow, columns, t, i);
                kernels.addRows(d, i * columns, count, t, i, panel, columns);
            }
            for (int j = 0; j < columns; j++) {
                w[j] += panel[j];
            }
        }
        return t;
    }
}
