package dev.koine.engine.linalg;

import java.util.Arrays;

/**
 * A tall float32 matrix {@code D} of shape {@code [rows, columns]}, {@code columns <= rows}, at about unit norm, and its products.
 *
 * <p>The products stream {@code D} once, row by row; every sum has one fixed order, so that the same matrix gives the same bits on
 * every machine. Sums over rows are float32 within a panel of rows and double across panels.
 */
final class Gram {
    private static final int PANEL = 64;
    private static final int TILE = 32;

    private final float[] d;
    private final int rows;
    private final int columns;
    private final float[] row;
    private final float[] panel;

    private Gram(float[] d, int rows, int columns) {
        this.d = d;
        this.rows = rows;
        this.columns = columns;
        this.row = new float[columns];
        this.panel = new float[columns];
    }

    int rows() {
        return rows;
    }

    int columns() {
        return columns;
    }

    /** A copy of {@code a}, times {@code scale}, transposed if it is wide. */
    static Gram tall(float[] a, int rows, int columns, double scale) {
        float[] d = new float[rows * columns];
        if (columns <= rows) {
            for (int i = 0; i < d.length; i++) {
                d[i] = (float) (a[i] * scale);
            }
            return new Gram(d, rows, columns);
        }
        for (int i0 = 0; i0 < rows; i0 += TILE) {
            for (int j0 = 0; j0 < columns; j0 += TILE) {
                int i1 = Math.min(i0 + TILE, rows);
                int j1 = Math.min(j0 + TILE, columns);
                for (int j = j0; j < j1; j++) {
                    for (int i = i0; i < i1; i++) {
                        d[j * rows + i] = (float) (a[i * columns + j] * scale);
                    }
                }
            }
        }
        return new Gram(d, columns, rows);
    }

    /** Sets {@code w} to {@code D^T D v} and returns {@code v^T D^T D v}, the squared norm of {@code D v}. */
    double multiply(double[] v, double[] w) {
        narrow(v);
        Arrays.fill(w, 0);
        double energy = 0;
        for (int i0 = 0; i0 < rows; i0 += PANEL) {
            int i1 = Math.min(i0 + PANEL, rows);
            Arrays.fill(panel, 0);
            int i = i0;
            for (; i + 4 <= i1; i += 4) {
                int at = i * columns;
                float t0 = dot(at);
                float t1 = dot(at + columns);
                float t2 = dot(at + 2 * columns);
                float t3 = dot(at + 3 * columns);
                addRows(at, t0, t1, t2, t3);
                energy += (double) t0 * t0 + (double) t1 * t1 + (double) t2 * t2 + (double) t3 * t3;
            }
            for (; i < i1; i++) {
                float t = dot(i * columns);
                addRow(i * columns, t);
                energy += (double) t * t;
            }
            for (int j = 0; j < columns; j++) {
                w[j] += panel[j];
            }
        }
        return energy;
    }

    /** Sets {@code t} to {@code D v}. */
    void project(double[] v, double[] t) {
        narrow(v);
        for (int i = 0; i < rows; i++) {
            t[i] = dot(i * columns);
        }
    }

    private void narrow(double[] v) {
        for (int j = 0; j < columns; j++) {
            row[j] = (float) v[j];
        }
    }

    private float dot(int at) {
        float[] x = d;
        float[] y = row;
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        float s4 = 0;
        float s5 = 0;
        float s6 = 0;
        float s7 = 0;
        int j = 0;
        for (; j < columns - 7; j += 8) {
            s0 += x[at + j] * y[j];
            s1 += x[at + j + 1] * y[j + 1];
            s2 += x[at + j + 2] * y[j + 2];
            s3 += x[at + j + 3] * y[j + 3];
            s4 += x[at + j + 4] * y[j + 4];
            s5 += x[at + j + 5] * y[j + 5];
            s6 += x[at + j + 6] * y[j + 6];
            s7 += x[at + j + 7] * y[j + 7];
        }
        for (; j < columns; j++) {
            s0 += x[at + j] * y[j];
        }
        return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
    }

    private void addRows(int at, float t0, float t1, float t2, float t3) {
        float[] x = d;
        float[] y = panel;
        int at1 = at + columns;
        int at2 = at1 + columns;
        int at3 = at2 + columns;
        for (int j = 0; j < columns; j++) {
            y[j] += (t0 * x[at + j] + t1 * x[at1 + j]) + (t2 * x[at2 + j] + t3 * x[at3 + j]);
        }
    }

    private void addRow(int at, float t) {
        float[] x = d;
        float[] y = panel;
        for (int j = 0; j < columns; j++) {
            y[j] += t * x[at + j];
        }
    }
}
