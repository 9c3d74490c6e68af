package dev.koine.engine.merge;

/**
 * The fixed-point grid of one base tensor's totals: an entry is an int32 multiple of {@code step}.
 *
 * <p>Depends on the base tensor alone, never on an expert, so that a total is the same sum of integers whatever was merged and
 * whenever.
 *
 * @param step a power of two
 */
public record Grid(double step) {
    /**
     * Largest total, in units of the base tensor's largest magnitude rounded up to a power of two: room for a hundred experts that
     * all move a weight the same way by a sixth of that magnitude. A wider range would round coarser than float32 does: at 16 the
     * grid's rounding is as large as float32's own for deltas a fortieth of the weights in size, at 64 four times that.
     */
    public static final int RANGE = 16;

    /** Added to a double below 2<sup>51</sup>, it leaves the nearest integer, ties to even, in the low bits. */
    private static final double TO_INTEGER = 0x1.8p52;

    /** The nearest integer to what is smaller has a place in int32, and so has its negative. */
    private static final double LARGEST = 0x1p31 - 0.5;

    /** Stands in for the largest magnitude of a tensor that is all zero; its totals range over plus and minus 32. */
    private static final double OF_ZEROS = 1;

    public Grid {
        if (!(step >= Double.MIN_NORMAL && step <= 0x1p200) || Math.scalb(1.0, Math.getExponent(step)) != step) {
            throw new IllegalArgumentException("a step of " + step);
        }
    }

    /**
     * The grid of a base tensor.
     *
     * @param largestMagnitude the largest absolute value of its elements; 0 if it is all zero, or empty
     * @throws IllegalArgumentException if that is negative or not finite
     */
    public static Grid of(float largestMagnitude) {
        if (!(largestMagnitude >= 0 && largestMagnitude <= Float.MAX_VALUE)) {
            throw new IllegalArgumentException("a largest magnitude of " + largestMagnitude);
        }
        double largest = largestMagnitude == 0 ? OF_ZEROS : largestMagnitude;
        double powerAbove = Math.scalb(1.0, Math.getExponent(largest) + 1);
        return new Grid(powerAbove * RANGE * 0x1p-31);
    }

    /** A bound for every merged weight: however the total comes out, no finite base weight leaves it. */
    double reach(double scale) {
        double base = step * 0x1p31 / RANGE;
        return base + Math.abs(scale) * step * 0x1p31;
    }

    /** The nearest multiple of the step, ties to even; NaN or beyond int32 if the entry has no place on the grid. */
    double toGrid(float value, double weight) {
        return Math.rint(weight * value * (1 / step));
    }

    /**
     * Adds values to totals: {@code totals[at + i]} grows by {@code sign * toGrid(values[i], weight)}.
     *
     * @param sign 1 or -1
     * @param modular whether a total may wrap
     * @return {@code count}; or the first element whose addend or total leaves int32, or is not finite: it and what is behind it was not
     *     added
     */
    public int add(int[] totals, int at, float[] values, int count, double weight, int sign, boolean modular) {
        double perStep = 1 / step;
        for (int i = 0; i < count; i++) {
            double scaled = weight * values[i] * perStep;
            int addend = sign * (int) Double.doubleToRawLongBits(scaled + TO_INTEGER);
            int before = totals[at + i];
            int total = before + addend;
            boolean leaves = ((before ^ total) & (addend ^ total)) < 0 || total == Integer.MIN_VALUE;
            if (!(Math.abs(scaled) < LARGEST) || (leaves && !modular)) {
                return i;
            }
            totals[at + i] = total;
        }
        return count;
    }

    /**
     * The merged weight, {@code base + scale * total * step} in double, rounded to float32 once; where the total is zero, the base's
     * very bits (also a negative zero's).
     */
    public static float merged(float base, int total, Grid grid, double scale) {
        return total == 0 ? base : (float) (base + scale * (total * grid.step));
    }

    /**
     * The merged weights of {@code count} elements, in place: {@code base + scale * (delta * step)} in double, rounded to float32 once;
     * where the delta is zero, the base's very bits.
     *
     * @param weights the base's
     * @param deltas in steps of the grid
     */
    static void merge(float[] weights, double[] deltas, int count, Grid grid, double scale) {
        for (int i = 0; i < count; i++) {
            if (deltas[i] != 0) {
                weights[i] = (float) (weights[i] + scale * (deltas[i] * grid.step));
            }
        }
    }

    /** {@link #merged(float, int, Grid, double)} of {@code count} elements from {@code at} on, in place: {@code weights} holds the base's. */
    public static void merge(float[] weights, int[] totals, int at, int count, Grid grid, double scale) {
        for (int i = at; i < at + count; i++) {
            weights[i] = merged(weights[i], totals[i], grid, scale);
        }
    }
}
