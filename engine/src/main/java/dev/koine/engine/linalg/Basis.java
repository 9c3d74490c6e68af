package dev.koine.engine.linalg;

import java.util.Arrays;

/** A growing list of orthonormal vectors of one length, in double. */
final class Basis {
    private static final int GROWTH = 32;

    private final int n;
    private double[] vectors = new double[0];
    private double[] coefficients = new double[0];
    private int size;

    /** @param n the length of the vectors */
    Basis(int n) {
        this.n = n;
    }

    int size() {
        return size;
    }

    void append(double[] vector) {
        if (size == coefficients.length) {
            coefficients = new double[size + GROWTH];
            vectors = Arrays.copyOf(vectors, coefficients.length * n);
        }
        System.arraycopy(vector, 0, vectors, size * n, n);
        size++;
    }

    /** Takes out of {@code w} what lies in the basis; returns how much of each vector that was, in an array that the next call changes. */
    double[] remove(double[] w) {
        for (int i = 0; i < size; i++) {
            coefficients[i] = Vectors.dot(vectors, i * n, w);
        }
        int i = 0;
        for (; i < size - 3; i += 4) {
            subtractFour(i, w);
        }
        for (; i < size; i++) {
            for (int j = 0; j < n; j++) {
                w[j] -= coefficients[i] * vectors[i * n + j];
            }
        }
        return coefficients;
    }

    private void subtractFour(int i, double[] w) {
        double[] a = vectors;
        int at0 = i * n;
        int at1 = at0 + n;
        int at2 = at1 + n;
        int at3 = at2 + n;
        double c0 = coefficients[i];
        double c1 = coefficients[i + 1];
        double c2 = coefficients[i + 2];
        double c3 = coefficients[i + 3];
        for (int j = 0; j < n; j++) {
            w[j] -= (c0 * a[at0 + j] + c1 * a[at1 + j]) + (c2 * a[at2 + j] + c3 * a[at3 + j]);
        }
    }

    /** The sum of {@code factors[i]} times vector i. */
    double[] combine(double[] factors) {
        double[] sum = new double[n];
        for (int i = 0; i < size; i++) {
            for (int j = 0; j < n; j++) {
                sum[j] += factors[i] * vectors[i * n + j];
            }
        }
        return sum;
    }
}
