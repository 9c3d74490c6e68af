package dev.koine.engine.linalg;

/** Operations on vectors of doubles; every sum has one fixed order. */
final class Vectors {
    private Vectors() {}

    static double dot(double[] x, double[] y) {
        return dot(x, 0, y);
    }

    /** The dot product of {@code y} and as many elements of {@code x} from {@code at} on. */
    static double dot(double[] x, int at, double[] y) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int i = 0;
        for (; i < y.length - 3; i += 4) {
            s0 += x[at + i] * y[i];
            s1 += x[at + i + 1] * y[i + 1];
            s2 += x[at + i + 2] * y[i + 2];
            s3 += x[at + i + 3] * y[i + 3];
        }
        for (; i < y.length; i++) {
            s0 += x[at + i] * y[i];
        }
        return (s0 + s1) + (s2 + s3);
    }

    static double norm(double[] v) {
        return Math.sqrt(dot(v, v));
    }

    /** {@code y += a x}. */
    static void addScaled(double[] y, double a, double[] x) {
        for (int i = 0; i < y.length; i++) {
            y[i] += a * x[i];
        }
    }

    /** {@code y += a x}. */
    static void addScaled(double[] y, double a, float[] x) {
        for (int i = 0; i < y.length; i++) {
            y[i] += a * x[i];
        }
    }

    /** Scales to unit length. */
    static void normalise(double[] v) {
        scale(v, 1 / norm(v));
    }

    static void scale(double[] v, double factor) {
        for (int i = 0; i < v.length; i++) {
            v[i] *= factor;
        }
    }
}
