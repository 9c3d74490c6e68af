package dev.koine.engine.linalg;

import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** The kernels on the JVM's Vector API (JEP 414), to the same bits as {@link PlainKernels}. */
final class VectorKernels extends Kernels {
    private static final VectorSpecies<Float> EIGHT = FloatVector.SPECIES_256;
    private static final VectorSpecies<Float> FOUR_FLOATS = FloatVector.SPECIES_128;
    private static final VectorSpecies<Double> FOUR = DoubleVector.SPECIES_256;
    private static final VectorSpecies<Integer> FOUR_INTS = IntVector.SPECIES_128;
    private static final VectorSpecies<Integer> EIGHT_INTS = IntVector.SPECIES_256;
    private static final IntVector LANES = IntVector.zero(EIGHT_INTS).addIndex(1);

    /** Columns of a product that are made at a time. */
    private static final int BLOCK_COLUMNS = 32;

    private final Kernels plain = Kernels.plain();

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
    public void products(float[] u, int row, int rows, int rank, float[] v, int columns, float[] target, int at) {
        float[] block = new float[rank * BLOCK_COLUMNS];
        int column = 0;
        for (; column <= columns - BLOCK_COLUMNS && rows > 1; column += BLOCK_COLUMNS) {
            for (int k = 0; k < rank; k++) {
                System.arraycopy(v, k * columns + column, block, k * BLOCK_COLUMNS, BLOCK_COLUMNS);
            }
            for (int i = 0; i < (rows & -2); i += 2) {
                twoRows(u, row + i * rank, rank, block, target, at + i * columns + column, columns);
            }
        }
        for (int i = 0; i < (rows & -2) && column < columns; i++) {
            product(u, row + i * rank, rank, v, columns, column, columns - column, target, at + i * columns + column);
        }
        for (int i = rows & -2; i < rows; i++) {
            product(u, row + i * rank, rank, v, columns, 0, columns, target, at + i * columns);
        }
    }

    /** Of two rows the columns of a block: eight sums at a time, so that none waits for the one before it. */
    private static void twoRows(float[] u, int row0, int rank, float[] block, float[] target, int at0, int columns) {
        int row1 = row0 + rank;
        int at1 = at0 + columns;
        FloatVector v0 = FloatVector.fromArray(EIGHT, block, 0);
        FloatVector v1 = FloatVector.fromArray(EIGHT, block, 8);
        FloatVector v2 = FloatVector.fromArray(EIGHT, block, 16);
        FloatVector v3 = FloatVector.fromArray(EIGHT, block, 24);
        FloatVector a0 = v0.mul(u[row0]);
        FloatVector a1 = v1.mul(u[row0]);
        FloatVector a2 = v2.mul(u[row0]);
        FloatVector a3 = v3.mul(u[row0]);
        FloatVector b0 = v0.mul(u[row1]);
        FloatVector b1 = v1.mul(u[row1]);
        FloatVector b2 = v2.mul(u[row1]);
        FloatVector b3 = v3.mul(u[row1]);
        for (int k = 1; k < rank; k++) {
            int from = k * BLOCK_COLUMNS;
            FloatVector a = FloatVector.broadcast(EIGHT, u[row0 + k]);
            FloatVector b = FloatVector.broadcast(EIGHT, u[row1 + k]);
            v0 = FloatVector.fromArray(EIGHT, block, from);
            v1 = FloatVector.fromArray(EIGHT, block, from + 8);
            v2 = FloatVector.fromArray(EIGHT, block, from + 16);
            v3 = FloatVector.fromArray(EIGHT, block, from + 24);
            a0 = a0.add(v0.mul(a));
            a1 = a1.add(v1.mul(a));
            a2 = a2.add(v2.mul(a));
            a3 = a3.add(v3.mul(a));
            b0 = b0.add(v0.mul(b));
            b1 = b1.add(v1.mul(b));
            b2 = b2.add(v2.mul(b));
            b3 = b3.add(v3.mul(b));
        }
        a0.intoArray(target, at0);
        a1.intoArray(target, at0 + 8);
        a2.intoArray(target, at0 + 16);
        a3.intoArray(target, at0 + 24);
        b0.intoArray(target, at1);
        b1.intoArray(target, at1 + 8);
        b2.intoArray(target, at1 + 16);
        b3.intoArray(target, at1 + 24);
    }

    @Override
    long atLeast(float[] values, int at, int count, int magnitude) {
        if (count < 64) {
            return plain.atLeast(values, at, count, magnitude);
        }
        return atLeast(values, at, magnitude) & 0xffffffffL | (long) atLeast(values, at + 32, magnitude) << 32;
    }

    /** Of 32 values: the sign of {@code magnitude - 1 - bits} says it, one place to the left for each value. */
    private static int atLeast(float[] values, int at, int magnitude) {
        IntVector below = IntVector.broadcast(EIGHT_INTS, magnitude - 1);
        IntVector bits = signs(values, at, below)
                .or(signs(values, at + 8, below).lanewise(VectorOperators.LSHL, 8))
                .or(signs(values, at + 16, below)
                        .lanewise(VectorOperators.LSHL, 16)
                        .or(signs(values, at + 24, below).lanewise(VectorOperators.LSHL, 24)));
        return bits.lanewise(VectorOperators.LSHL, LANES).reduceLanes(VectorOperators.OR);
    }

    private static IntVector signs(float[] values, int at, IntVector below) {
        IntVector magnitudes =
                FloatVector.fromArray(EIGHT, values, at).reinterpretAsInts().and(0x7fffffff);
        return below.sub(magnitudes).lanewise(VectorOperators.LSHR, 31);
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

    @Override
    public boolean addOnGrid(
            float[] weights, int at, float[] values, int count, double factor, Grid grid, double scale) {
        double step = grid.step();
        int whole = count & -4;
        double perStep = 1 / step;
        DoubleVector largest = DoubleVector.zero(FOUR);
        for (int i = 0; i < whole; i += 4) {
            DoubleVector places = doubles(values, i).mul(factor).mul(perStep);
            largest = largest.max(places.abs());
            DoubleVector n = places.add(Grid.TO_INTEGER).sub(Grid.TO_INTEGER);
            DoubleVector weight = doubles(weights, at + i);
            DoubleVector sum = weight.add(n.mul(step).mul(scale));
            ((FloatVector) sum.blend(weight, n.compare(VectorOperators.EQ, 0.0))
                            .convertShape(VectorOperators.D2F, FOUR_FLOATS, 0))
                    .intoArray(weights, at + i);
        }
        boolean inRange = largest.reduceLanes(VectorOperators.MAX) < grid.largestAddend();
        float[] rest = Arrays.copyOfRange(values, whole, count);
        return plain.addOnGrid(weights, at + whole, rest, count - whole, factor, grid, scale) && inRange;
    }

    @Override
    public boolean addTotals(int[] totals, int at, float[] values, int count, double factor, Grid grid, int sign) {
        double perStep = 1 / grid.step();
        int whole = count & -4;
        DoubleVector largest = DoubleVector.zero(FOUR);
        for (int i = 0; i < whole; i += 4) {
            DoubleVector places = doubles(values, i).mul(factor).mul(perStep);
            largest = largest.max(places.abs());
            IntVector addend = (IntVector)
                    places.add(Grid.TO_INTEGER).reinterpretAsLongs().convertShape(VectorOperators.L2I, FOUR_INTS, 0);
            IntVector before = IntVector.fromArray(FOUR_INTS, totals, at + i);
            (sign > 0 ? before.add(addend) : before.sub(addend)).intoArray(totals, at + i);
        }
        float[] rest = Arrays.copyOfRange(values, whole, count);
        return plain.addTotals(totals, at + whole, rest, rest.length, factor, grid, sign)
                && largest.reduceLanes(VectorOperators.MAX) < grid.largestAddend();
    }

    @Override
    public void mergeTotals(float[] weights, int[] totals, int at, int count, Grid grid, double scale) {
        double step = grid.step();
        int whole = count & -4;
        for (int i = 0; i < whole; i += 4) {
            DoubleVector n = (DoubleVector)
                    IntVector.fromArray(FOUR_INTS, totals, at + i).convertShape(VectorOperators.I2D, FOUR, 0);
            FloatVector weight = FloatVector.fromArray(FOUR_FLOATS, weights, i);
            DoubleVector exact = (DoubleVector) weight.convertShape(VectorOperators.F2D, FOUR, 0);
            DoubleVector sum = exact.add(n.mul(step).mul(scale));
            ((FloatVector) sum.blend(exact, n.compare(VectorOperators.EQ, 0.0))
                            .convertShape(VectorOperators.D2F, FOUR_FLOATS, 0))
                    .intoArray(weights, i);
        }
        for (int i = whole; i < count; i++) {
            int n = totals[at + i];
            weights[i] = n == 0 ? weights[i] : Grid.merged(weights[i], n, step, scale);
        }
    }

    private static DoubleVector doubles(float[] values, int at) {
        return (DoubleVector) FloatVector.fromArray(FOUR_FLOATS, values, at).convertShape(VectorOperators.F2D, FOUR, 0);
    }

    @Override
    public String description() {
        return "in Java, on the Vector API";
    }
}
