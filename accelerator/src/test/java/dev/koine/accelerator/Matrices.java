package dev.koine.accelerator;

import dev.koine.engine.linalg.LowRank;
import java.util.Arrays;
import java.util.Random;

/** Matrices with known singular values, row-major, and how far apart two are. */
final class Matrices {
    private Matrices() {}

    static float[] planted(int rows, int columns, double[] sigma, long seed) {
        Random random = new Random(seed);
        double[][] u = orthonormal(sigma.length, rows, random);
        double[][] v = orthonormal(sigma.length, columns, random);
        double[] a = new double[rows * columns];
        for (int k = 0; k < sigma.length; k++) {
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < columns; j++) {
                    a[i * columns + j] += sigma[k] * u[k][i] * v[k][j];
                }
            }
        }
        return floats(a);
    }

    /** A sum of rank-one terms, with normally distributed noise on every entry. */
    static float[] lora(int rows, int columns, int rank, double noise) {
        Random random = new Random(5);
        double[] a = new double[rows * columns];
        for (int k = 0; k < rank; k++) {
            double[] u = random.doubles(rows, -1, 1).toArray();
            double[] v = random.doubles(columns, -1, 1).toArray();
            for (int i = 0; i < a.length; i++) {
                a[i] += u[i / columns] * v[i % columns] * 1e-3;
            }
        }
        for (int i = 0; i < a.length; i++) {
            a[i] += noise * random.nextGaussian();
        }
        return floats(a);
    }

    static float[] product(LowRank low) {
        double[] product = new double[low.rows() * low.columns()];
        for (int k = 0; k < low.rank(); k++) {
            for (int i = 0; i < product.length; i++) {
                product[i] += (double) low.u()[i / low.columns() * low.rank() + k]
                        * low.v()[k * low.columns() + i % low.columns()];
            }
        }
        return floats(product);
    }

    static double norm(float[] a) {
        return distance(a, new float[a.length]);
    }

    static double distance(float[] x, float[] y) {
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            sum += ((double) x[i] - y[i]) * ((double) x[i] - y[i]);
        }
        return Math.sqrt(sum);
    }

    private static double[][] orthonormal(int count, int n, Random random) {
        double[][] q = new double[count][n];
        for (int i = 0; i < count; i++) {
            double[] v = q[i];
            Arrays.setAll(v, j -> random.nextGaussian());
            for (int k = 0; k < 2 * i; k++) {
                double[] other = q[k % i];
                double inside = dot(v, other);
                Arrays.setAll(v, j -> v[j] - inside * other[j]);
            }
            double norm = Math.sqrt(dot(v, v));
            Arrays.setAll(v, j -> v[j] / norm);
        }
        return q;
    }

    private static double dot(double[] x, double[] y) {
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            sum += x[i] * y[i];
        }
        return sum;
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }
}
