package dev.koine.engine.linalg;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** The kernels on the JVM's Vector API (JEP 414), to the same bits as {@link PlainKernels}. */
final class VectorKernels extends Kernels {
    private static final VectorSpecies<Float> EIGHT = FloatVector.SPECIES_256;
    private static final VectorSpecies<Double> FOUR = DoubleVector.SPECIES_256;

    /** Whether this machine has vectors of 256 bits; the API works without, and is slow then. */
    static boolean isFast() {
        return VectorShape.preferredShape().vectorBitSize() >= 256;
    }

    @Override
    void dots(float[] a, int at, int count, float[] x, int n, float[] t, int from) {
        int i = 0;
        for (; i < count - 3; i += 4) {
            dotFour(a, at + i * n, x, n, t, from + i);
        }
        for (; i < count; i++) {
            int at0 = at + i * n;
            FloatVector s = FloatVector.zero(EIGHT);
            for (int j = 0; j < n - 7; j += 8) {
                s = s.add(FloatVector.fromArray(EIGHT, a, at0 + j).mul(FloatVector.fromArray(EIGHT, x, j)));
            }
            t[from + i] = sum(s, a, at0, x, n);
        }
    }

    private static void dotFour(float[] a, int at0, float[] x, int n, float[] t, int from) {
        int at1 = at0 + n;
        int at2 = at1 + n;
        int at3 = at2 + n;
        FloatVector s0 = FloatVector.zero(EIGHT);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int j = 0; j < n - 7; j += 8) {
            FloatVector v = FloatVector.fromArray(EIGHT, x, j);
            s0 = s0.add(FloatVector.fromArray(EIGHT, a, at0 + j).mul(v));
            s1 = s1.add(FloatVector.fromArray(EIGHT, a, at1 + j).mul(v));
            s2 = s2.add(FloatVector.fromArray(EIGHT, a, at2 + j).mul(v));
            s3 = s3.add(FloatVector.fromArray(EIGHT, a, at3 + j).mul(v));
        }
        t[from] = sum(s0, a, at0, x, n);
        t[from + 1] = sum(s1, a, at1, x, n);
        t[from + 2] = sum(s2, a, at2, x, n);
        t[from + 3] = sum(s3, a, at3, x, n);
    }

    private static float sum(FloatVector s, float[] a, int at, float[] x, int n) {
        float s0 = s.lane(0);
        for (int j = n & -8; j < n; j++) {
            s0 += a[at + j] * x[j];
        }
        return ((s0 + s.lane(1)) + (s.lane(2) + s.lane(3))) + ((s.lane(4) + s.lane(5)) + (s.lane(6) + s.lane(7)));
    }

    @Override
    void addRows(float[] a, int at, int count, float[] t, int from, float[] y, int n) {
        int i = 0;
        for (; i < count - 3; i += 4) {
            addFour(a, at + i * n, t, from + i, y, n);
        }
        for (; i < count; i++) {
            int at0 = at + i * n;
            float t0 = t[from + i];
            int j = 0;
            for (; j < n - 7; j += 8) {
                FloatVector.fromArray(EIGHT, y, j)
                        .add(FloatVector.fromArray(EIGHT, a, at0 + j).mul(t0))
                        .intoArray(y, j);
            }
            for (; j < n; j++) {
                y[j] += t0 * a[at0 + j];
            }
        }
    }

    private static void addFour(float[] a, int at0, float[] t, int from, float[] y, int n) {
        int at1 = at0 + n;
        int at2 = at1 + n;
        int at3 = at2 + n;
        float t0 = t[from];
        float t1 = t[from + 1];
        float t2 = t[from + 2];
        float t3 = t[from + 3];
        int j = 0;
        for (; j < n - 7; j += 8) {
            FloatVector p = FloatVector.fromArray(EIGHT, a, at0 + j)
                    .mul(t0)
                    .add(FloatVector.fromArray(EIGHT, a, at1 + j).mul(t1));
            FloatVector q = FloatVector.fromArray(EIGHT, a, at2 + j)
                    .mul(t2)
                    .add(FloatVector.fromArray(EIGHT, a, at3 + j).mul(t3));
            FloatVector.fromArray(EIGHT, y, j).add(p.add(q)).intoArray(y, j);
        }
        for (; j < n; j++) {
            y[j] += (t0 * a[at0 + j] + t1 * a[at1 + j]) + (t2 * a[at2 + j] + t3 * a[at3 + j]);
        }
    }

    @Override
    void dots(double[] a, int count, double[] x, int n, double[] t) {
        for (int i = 0; i < count; i++) {
            int at = i * n;
            DoubleVector low = DoubleVector.zero(FOUR);
            DoubleVector high = low;
            int j = 0;
            for (; j < n - 7; j += 8) {
                low = low.add(DoubleVector.fromArray(FOUR, a, at + j).mul(DoubleVector.fromArray(FOUR, x, j)));
                high = high.add(
                        DoubleVector.fromArray(FOUR, a, at + j + 4).mul(DoubleVector.fromArray(FOUR, x, j + 4)));
            }
            double s0 = low.lane(0);
            for (; j < n; j++) {
                s0 += a[at + j] * x[j];
            }
            t[i] = ((s0 + low.lane(1)) + (low.lane(2) + low.lane(3)))
                    + ((high.lane(0) + high.lane(1)) + (high.lane(2) + high.lane(3)));
        }
    }

    @Override
    void addRows(double[] a, int count, double[] t, double[] y, int n) {
        int i = 0;
        for (; i < count - 3; i += 4) {
            addFour(a, i * n, t, i, y, n);
        }
        for (; i < count; i++) {
            int at0 = i * n;
            int j = 0;
            for (; j < n - 3; j += 4) {
                DoubleVector.fromArray(FOUR, y, j)
                        .add(DoubleVector.fromArray(FOUR, a, at0 + j).mul(t[i]))
                        .intoArray(y, j);
            }
            for (; j < n; j++) {
                y[j] += t[i] * a[at0 + j];
            }
        }
    }

    private static void addFour(double[] a, int at0, double[] t, int from, double[] y, int n) {
        int at1 = at0 + n;
        int at2 = at1 + n;
        int at3 = at2 + n;
        double t0 = t[from];
        double t1 = t[from + 1];
        double t2 = t[from + 2];
        double t3 = t[from + 3];
        int j = 0;
        for (; j < n - 3; j += 4) {
            DoubleVector p = DoubleVector.fromArray(FOUR, a, at0 + j)
                    .mul(t0)
                    .add(DoubleVector.fromArray(FOUR, a, at1 + j).mul(t1));
            DoubleVector q = DoubleVector.fromArray(FOUR, a, at2 + j)
                    .mul(t2)
                    .add(DoubleVector.fromArray(FOUR, a, at3 + j).mul(t3));
            DoubleVector.fromArray(FOUR, y, j).add(p.add(q)).intoArray(y, j);
        }
        for (; j < n; j++) {
            y[j] += (t0 * a[at0 + j] + t1 * a[at1 + j]) + (t2 * a[at2 + j] + t3 * a[at3 + j]);
        }
    }

    @Override
    public void product(
            float[] u, int row, int rank, float[] v, int columns, int column, int count, float[] target, int at) {
        int j = 0;
        for (; j < count - 7; j += 8) {
            FloatVector sum = FloatVector.fromArray(EIGHT, v, column + j).mul(u[row]);
            for (int k = 1; k < rank; k++) {
                sum = sum.add(FloatVector.fromArray(EIGHT, v, k * columns + column + j)
                        .mul(u[row + k]));
            }
            sum.intoArray(target, at + j);
        }
        for (; j < count; j++) {
            float sum = u[row] * v[column + j];
            for (int k = 1; k < rank; k++) {
                sum += u[row + k] * v[k * columns + column + j];
            }
            target[at + j] = sum;
        }
    }

    @Override
    long atLeast(float[] values, int at, int count, int magnitude) {
        float least = Float.intBitsToFloat(magnitude);
        long bits = 0;
        int i = 0;
        for (; i < count - 7; i += 8) {
            bits |= FloatVector.fromArray(EIGHT, values, at + i)
                            .abs()
                            .compare(VectorOperators.GE, least)
                            .toLong()
                    << i;
        }
        for (; i < count; i++) {
            bits |= (Math.abs(values[at + i]) >= least ? 1L : 0L) << i;
        }
        return bits;
    }

    @Override
    public float largest(float[] values, int at, int count) {
        FloatVector largest = FloatVector.zero(EIGHT);
        int i = 0;
        for (; i < count - 7; i += 8) {
            largest = largest.max(FloatVector.fromArray(EIGHT, values, at + i).abs());
        }
        float result = largest.reduceLanes(VectorOperators.MAX);
        for (; i < count; i++) {
            result = Math.max(result, Math.abs(values[at + i]));
        }
        return result;
    }

    @Override
    public float subtract(float[] x, float[] y, int count) {
        FloatVector largest = FloatVector.zero(EIGHT);
        int i = 0;
        for (; i < count - 7; i += 8) {
            FloatVector difference = FloatVector.fromArray(EIGHT, x, i).sub(FloatVector.fromArray(EIGHT, y, i));
            difference.intoArray(x, i);
            largest = largest.max(difference.abs());
        }
        float result = largest.reduceLanes(VectorOperators.MAX);
        for (; i < count; i++) {
            x[i] -= y[i];
            result = Math.max(result, Math.abs(x[i]));
        }
        return result;
    }
}
