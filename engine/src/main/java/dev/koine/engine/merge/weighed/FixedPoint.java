package dev.koine.engine.merge.weighed;

/**
 * Steps that doubles are rounded to before they are added up, in int64: sums of integers have one result in any order, and a subtraction
 * undoes an addition.
 *
 * @param step a power of two
 */
record FixedPoint(double step) {
    /** Totals are smaller than this, and their negatives, too. */
    static final long LIMIT = 1L << 62;

    /** For totals of deltas times Grams, beside the step that totals of deltas have: a million times finer, and two thousand times as far. */
    static FixedPoint ofProducts(double deltaStep) {
        return new FixedPoint(deltaStep * 0x1p-20);
    }

    /** The nearest integer of steps, ties to even; {@link #LIMIT} or more in magnitude, or NaN, where there is no place for it. */
    double steps(double value) {
        return Math.rint(value * (1 / step));
    }
}
