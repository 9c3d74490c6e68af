package dev.koine.engine.linalg;

/**
 * The fixed-point grid of one base tensor's totals: an entry is an integer multiple of {@code step}, kept in int32, or in int64 where the
 * tensor is small or has tiny values.
 *
 * <p>Depends on the base tensor alone, never on an expert, so that a total is the same sum of integers whatever was merged and
 * whenever.
 *
 * @param step a power of two
 * @param wide whether totals are kept in int64; they range over a million times as much, to where a double still holds every integer
 */
public record Grid(double step, boolean wide) {
    /**
     * Largest total in int32, in units of the base tensor's largest magnitude rounded up to a power of two: room for a hundred experts that
     * all move a weight the same way by a sixth of that magnitude. A wider range would round coarser than float32 does: at 16 the
     * grid's rounding is as large as float32's own for deltas a fortieth of the weights in size, at 64 four times that.
     */
    public static final int RANGE = 16;

    /**
     * Added to a double below 2<sup>51</sup> and taken away again, it leaves the nearest integer, ties to even; before it is taken away,
     * that integer stands in the low bits.
     */
    static final double TO_INTEGER = 0x1.8p52;

    /** Totals in int32 are smaller than this, and their negatives, too. */
    private static final double NARROW_LIMIT = 0x1p31;

    /** Totals in int64 likewise; as far as {@link #TO_INTEGER} rounds. */
    private static final double WIDE_LIMIT = 0x1p51;

    /**
     * A tensor of no more elements has wide totals, since they cost little: biases and scales may begin near zero and go anywhere, such as
     * the bias of an attention's keys, which nothing reads.
     */
    private static final long WIDE_ELEMENTS = 1 << 16;

    /** And so has one whose magnitudes are all smaller: that is no trained matrix but one that begins near zero. */
    private static final float TINY = 0x1p-9f;

    /** Stands in for the largest magnitude of a tensor that is all zero; its totals in int32 range over plus and minus 32. */
    private static final double OF_ZEROS = 1;

    public Grid {
        if (!(step >= Double.MIN_NORMAL && step <= 0x1p200) || Math.scalb(1.0, Math.getExponent(step)) != step) {
            throw new IllegalArgumentException("a step of " + step);
        }
    }

    /** One with totals in int32. */
    public Grid(double step) {
        this(step, false);
    }

    /**
     * The grid of a base tensor.
     *
     * @param largestMagnitude the largest absolute value of its elements; 0 if it is all zero, or empty
     * @param numel the number of its elements
     * @throws IllegalArgumentException if the magnitude is negative or not finite
     */
    public static Grid of(float largestMagnitude, long numel) {
        boolean wide = numel <= WIDE_ELEMENTS || largestMagnitude < TINY;
        return new Grid(of(largestMagnitude).step(), wide);
    }

    /** That of a large tensor with values of ordinary size; else as {@link #of(float, long)}. */
    public static Grid of(float largestMagnitude) {
        if (!(largestMagnitude >= 0 && largestMagnitude <= Float.MAX_VALUE)) {
            throw new IllegalArgumentException("a largest magnitude of " + largestMagnitude);
        }
        double largest = largestMagnitude == 0 ? OF_ZEROS : largestMagnitude;
        double powerAbove = Math.scalb(1.0, Math.getExponent(largest) + 1);
        return new Grid(powerAbove * RANGE * 0x1p-31);
    }

    /** A bound for every merged weight: however the total comes out, no finite base weight leaves it. */
    public double reach(double scale) {
        double base = step * 0x1p31 / RANGE;
        return base + Math.abs(scale) * step * limit();
    }

    /** The largest total and more, in steps. */
    public double limit() {
        return wide ? WIDE_LIMIT : NARROW_LIMIT;
    }

    /** The nearest integer to what is smaller has a place in a total, and so has its negative. */
    double largestAddend() {
        return limit() - 0.5;
    }

    /** The nearest multiple of the step, ties to even; NaN or {@link #limit} or more if the entry has no place on the grid. */
    public double toGrid(float value, double factor) {
        return Math.rint(places(value, factor, 1 / step));
    }

    /** Where a weighted value lies, in steps: the first half of the law of merging. The step is a power of two, so its inverse is exact. */
    static double places(float value, double factor, double perStep) {
        return factor * value * perStep;
    }

    /** The integer nearest to a place below 2<sup>51</sup>, ties to even. */
    static double nearest(double places) {
        return (places + TO_INTEGER) - TO_INTEGER;
    }

    /**
     * The second half of the law: {@code weight + scale * (n * step)} in double, rounded to float32 once. Everything that merges calls this,
     * but for the vectors of {@link Kernels#addOnGrid}; where n is zero nobody does, and the weight keeps its very bits, also those of a
     * negative zero.
     */
    static float merged(float weight, double n, double step, double scale) {
        return (float) (weight + scale * (n * step));
    }

    /**
     * Adds values to totals: {@code totals[at + i]} grows by {@code sign * toGrid(values[i], factor)}.
     *
     * @param sign 1 or -1
     * @param modular whether a total may wrap
     * @return {@code count}; or the first element whose addend or total leaves int32, or is not finite: it and what is behind it was not
     *     added
     */
    public int add(int[] totals, int at, float[] values, int count, double factor, int sign, boolean modular) {
        double perStep = 1 / step;
        for (int i = 0; i < count; i++) {
            double places = places(values[i], factor, perStep);
            // The low bits of what nearest() has before it takes TO_INTEGER away; a conversion to int would cost a
            // branch.
            int addend = sign * (int) Double.doubleToRawLongBits(places + TO_INTEGER);
            int before = totals[at + i];
            int total = before + addend;
            boolean leaves = ((before ^ total) & (addend ^ total)) < 0 || total == Integer.MIN_VALUE;
            if (!(Math.abs(places) < NARROW_LIMIT - 0.5) || (leaves && !modular)) {
                return i;
            }
            totals[at + i] = total;
        }
        return count;
    }

    /**
     * Adds values to wide totals, as {@link #add(int[], int, float[], int, double, int, boolean)} does to others.
     *
     * @param modular whether a total may leave its range on the way
     */
    public int add(long[] totals, int at, float[] values, int count, double factor, int sign, boolean modular) {
        double perStep = 1 / step;
        for (int i = 0; i < count; i++) {
            double places = places(values[i], factor, perStep);
            long total = totals[at + i] + sign * (long) nearest(places);
            if (!(Math.abs(places) < WIDE_LIMIT - 0.5) || (!modular && Math.abs(total) >= WIDE_LIMIT)) {
                return i;
            }
            totals[at + i] = total;
        }
        return count;
    }

    /**
     * Makes weights merged ones, in place: {@code weights[i]} becomes {@code weights[i] + scale * (deltas[i] * step)}, in double and rounded
     * to float32 once; where the delta is zero it keeps its bits.
     *
     * @param weights the base's
     * @param deltas in steps of the grid; whole numbers, or means of such
     */
    public void merge(float[] weights, double[] deltas, int count, double scale) {
        for (int i = 0; i < count; i++) {
            if (deltas[i] != 0) {
                weights[i] = merged(weights[i], deltas[i], step, scale);
            }
        }
    }

    /** The same of totals, from {@code at} on in both arrays. */
    public void merge(float[] weights, int[] totals, int at, int count, double scale) {
        for (int i = at; i < at + count; i++) {
            // A choice, not a jump: with a jump C2 makes no vectors of this loop.
            float weight = weights[i];
            weights[i] = totals[i] == 0 ? weight : merged(weight, totals[i], step, scale);
        }
    }

    /** The same of wide totals. */
    public void merge(float[] weights, long[] totals, int at, int count, double scale) {
        for (int i = at; i < at + count; i++) {
            float weight = weights[i];
            weights[i] = totals[i] == 0 ? weight : merged(weight, totals[i], step, scale);
        }
    }
}
