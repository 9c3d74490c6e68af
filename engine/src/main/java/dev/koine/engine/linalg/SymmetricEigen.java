package dev.koine.engine.linalg;

import java.util.Arrays;
import java.util.Comparator;

/**
 * Eigenvalues and eigenvectors of a small dense symmetric matrix, in double.
 *
 * <p>Householder reflections reduce the matrix to tridiagonal form, implicit QL iterations with Wilkinson's shift diagonalise
 * that (Golub and Van Loan, Matrix Computations, 8.3; EISPACK tred2 and imtql2). Eigenvectors are kept as rows, so that both
 * phases work on contiguous memory.
 *
 * @param values the eigenvalues, largest first
 * @param vectors {@code vectors[i]} is the unit eigenvector that belongs to {@code values[i]}
 */
record SymmetricEigen(double[] values, double[][] vectors) {

    /** Decomposes the leading {@code n} rows and columns of {@code matrix}, which is left as it was. */
    static SymmetricEigen of(double[][] matrix, int n) {
        double[][] a = new double[n][];
        double[][] z = new double[n][n];
        for (int i = 0; i < n; i++) {
            a[i] = Arrays.copyOf(matrix[i], n);
            z[i][i] = 1;
        }
        tridiagonalise(a, z);
        double[] diagonal = new double[n];
        double[] off = new double[n];
        for (int i = 0; i < n; i++) {
            diagonal[i] = a[i][i];
            off[i] = i + 1 < n ? a[i + 1][i] : 0;
        }
        diagonalise(diagonal, off, z);

        Integer[] order = new Integer[n];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, Comparator.comparingDouble(i -> -diagonal[i]));
        double[] values = new double[n];
        double[][] vectors = new double[n][];
        for (int i = 0; i < n; i++) {
            values[i] = diagonal[order[i]];
            vectors[i] = z[order[i]];
        }
        return new SymmetricEigen(values, vectors);
    }

    /** {@code a} becomes {@code H a H}, {@code z} becomes {@code H z}, for one reflection {@code H} a column. */
    private static void tridiagonalise(double[][] a, double[][] z) {
        int n = a.length;
        for (int k = 0; k < n - 2; k++) {
            double below = 0;
            for (int i = k + 2; i < n; i++) {
                below += a[i][k] * a[i][k];
            }
            if (below == 0) {
                continue;
            }
            double[] v = new double[n];
            for (int i = k + 1; i < n; i++) {
                v[i] = a[i][k];
            }
            double norm = Math.sqrt(below + v[k + 1] * v[k + 1]);
            v[k + 1] += Math.copySign(norm, v[k + 1]);
            double beta = 2 / (below + v[k + 1] * v[k + 1]);

            double[] p = new double[n];
            double vp = 0;
            for (int i = k; i < n; i++) {
                p[i] = beta * dot(a[i], v, k);
                vp += v[i] * p[i];
            }
            for (int i = k; i < n; i++) {
                p[i] -= beta / 2 * vp * v[i];
            }
            for (int i = k; i < n; i++) {
                for (int j = k; j < n; j++) {
                    a[i][j] -= v[i] * p[j] + p[i] * v[j];
                }
            }
            double[] vz = new double[n];
            for (int i = k + 1; i < n; i++) {
                for (int j = 0; j < n; j++) {
                    vz[j] += beta * v[i] * z[i][j];
                }
            }
            for (int i = k + 1; i < n; i++) {
                for (int j = 0; j < n; j++) {
                    z[i][j] -= v[i] * vz[j];
                }
            }
        }
    }

    private static double dot(double[] x, double[] y, int from) {
        double sum = 0;
        for (int i = from; i < x.length; i++) {
            sum += x[i] * y[i];
        }
        return sum;
    }

    /** Implicit QL on the diagonal {@code d} and {@code e}, where {@code e[i]} stands between {@code d[i]} and {@code d[i + 1]}. */
    private static void diagonalise(double[] d, double[] e, double[][] z) {
        int n = d.length;
        double norm = 0;
        for (int i = 0; i < n; i++) {
            norm = Math.max(norm, Math.abs(d[i]) + Math.abs(e[i]));
        }
        double negligible = Math.ulp(1.0) * norm;
        for (int l = 0; l < n; l++) {
            int m = firstSplit(e, l, negligible);
            while (m != l) {
                sweep(d, e, z, l, m);
                m = firstSplit(e, l, negligible);
            }
        }
    }

    private static int firstSplit(double[] e, int from, double negligible) {
        int m = from;
        while (m < e.length - 1 && Math.abs(e[m]) > negligible) {
            m++;
        }
        return m;
    }

    private static void sweep(double[] d, double[] e, double[][] z, int l, int m) {
        double g = (d[l + 1] - d[l]) / (2 * e[l]);
        g = d[m] - d[l] + e[l] / (g + Math.copySign(Math.hypot(g, 1), g));
        double s = 1;
        double c = 1;
        double p = 0;
        for (int i = m - 1; i >= l; i--) {
            double f = s * e[i];
            double b = c * e[i];
            double r = Math.hypot(f, g);
            e[i + 1] = r;
            if (r == 0) {
                d[i + 1] -= p;
                e[m] = 0;
                return;
            }
            s = f / r;
            c = g / r;
            g = d[i + 1] - p;
            r = (d[i] - g) * s + 2 * c * b;
            p = s * r;
            d[i + 1] = g + p;
            g = c * r - b;
            rotate(z[i], z[i + 1], c, s);
        }
        d[l] -= p;
        e[l] = g;
        e[m] = 0;
    }

    private static void rotate(double[] x, double[] y, double c, double s) {
        for (int j = 0; j < x.length; j++) {
            double xj = x[j];
            double yj = y[j];
            x[j] = c * xj - s * yj;
            y[j] = s * xj + c * yj;
        }
    }
}
