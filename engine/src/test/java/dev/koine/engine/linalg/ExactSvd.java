package dev.koine.engine.linalg;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;

/** One-sided Jacobi in double: slow, simple and exact; the oracle. */
public final class ExactSvd {
    private ExactSvd() {}

    /** The best approximation of the given rank, row-major. */
    public static double[] truncated(float[] a, int rows, int columns, int rank) {
        double[] doubles = new double[a.length];
        Arrays.setAll(doubles, i -> a[i]);
        return truncated(doubles, rows, columns, rank);
    }

    /** The best approximation of the given rank, row-major. */
    public static double[] truncated(double[] a, int rows, int columns, int rank) {
        boolean wide = columns > rows;
        int n = wide ? rows : columns;
        int m = wide ? columns : rows;
        double max = 0;
        for (double x : a) {
            max = Math.max(max, Math.abs(x));
        }
        if (max == 0) {
            return new double[a.length];
        }
        double[][] c = new double[n][m];
        double[][] v = new double[n][n];
        for (int j = 0; j < n; j++) {
            v[j][j] = 1;
            for (int i = 0; i < m; i++) {
                c[j][i] = (wide ? a[j * columns + i] : a[i * columns + j]) / max;
            }
        }
        boolean rotated = true;
        for (int sweep = 0; rotated && sweep < 60; sweep++) {
            rotated = false;
            for (int p = 0; p < n; p++) {
                for (int q = p + 1; q < n; q++) {
                    double app = dot(c[p], c[p]);
                    double aqq = dot(c[q], c[q]);
                    double apq = dot(c[p], c[q]);
                    if (Math.abs(apq) <= 1e-15 * Math.sqrt(app * aqq) || apq == 0) {
                        continue;
                    }
                    rotated = true;
                    double zeta = (aqq - app) / (2 * apq);
                    double t = Math.copySign(1, zeta) / (Math.abs(zeta) + Math.hypot(1, zeta));
                    double cos = 1 / Math.hypot(1, t);
                    rotate(c[p], c[q], cos, cos * t);
                    rotate(v[p], v[q], cos, cos * t);
                }
            }
        }
        Integer[] order = new Integer[n];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, Comparator.comparingDouble(j -> -dot(c[j], c[j])));
        double[] l = new double[a.length];
        for (int k = 0; k < Math.min(rank, n); k++) {
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    l[wide ? j * columns + i : i * columns + j] += c[order[k]][i] * v[order[k]][j] * max;
                }
            }
        }
        return l;
    }

    /** Random orthonormal rows, {@code count} of length {@code n}. */
    public static double[][] orthonormal(int count, int n, Random random) {
        double[][] q = new double[count][n];
        for (int i = 0; i < count; i++) {
            for (int j = 0; j < n; j++) {
                q[i][j] = random.nextGaussian();
            }
            for (int pass = 0; pass < 2; pass++) {
                for (int k = 0; k < i; k++) {
                    double s = dot(q[i], q[k]);
                    for (int j = 0; j < n; j++) {
                        q[i][j] -= s * q[k][j];
                    }
                }
            }
            double norm = Math.sqrt(dot(q[i], q[i]));
            for (int j = 0; j < n; j++) {
                q[i][j] /= norm;
            }
        }
        return q;
    }

    /** A matrix with these singular values and random singular vectors. */
    public static float[] planted(int rows, int columns, double[] sigma, long seed) {
        Random random = new Random(seed);
        double[][] u = orthonormal(sigma.length, rows, random);
        double[][] v = orthonormal(sigma.length, columns, random);
        float[] a = new float[rows * columns];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                double sum = 0;
                for (int k = 0; k < sigma.length; k++) {
                    sum += sigma[k] * u[k][i] * v[k][j];
                }
                a[i * columns + j] = (float) sum;
            }
        }
        return a;
    }

    /** The spectrum of a fine-tune's delta, after planted_delta of the reference: a few strong directions, 1/sqrt(i) behind. */
    public static double[] fineTuneSpectrum(int count, int strong) {
        double[] sigma = new double[count];
        for (int i = 0; i < count; i++) {
            sigma[i] = 1e-2 / Math.sqrt(i + 1);
            if (i < strong) {
                sigma[i] *= 6 - 4.0 * i / Math.max(1, strong - 1);
            }
        }
        return sigma;
    }

    public static double norm(float[] a) {
        double sum = 0;
        for (float x : a) {
            sum += (double) x * x;
        }
        return Math.sqrt(sum);
    }

    private static double dot(double[] x, double[] y) {
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            sum += x[i] * y[i];
        }
        return sum;
    }

    private static void rotate(double[] x, double[] y, double c, double s) {
        for (int i = 0; i < x.length; i++) {
            double xi = x[i];
            x[i] = c * xi - s * y[i];
            y[i] = s * xi + c * y[i];
        }
    }
}
