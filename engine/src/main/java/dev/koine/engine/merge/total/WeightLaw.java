package dev.koine.engine.merge.total;

import dev.koine.engine.RejectedException;
import dev.koine.engine.linalg.Grid;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.Weight;
import dev.koine.engine.tensor.WeightRole;

/**
 * What holds of every merged weight before it is written, whichever way it was made: it stays in the range of its element type, a variance
 * above its bound, and what rounding leaves of the update is measured.
 *
 * @param weight the base's
 * @param grid of its totals
 * @param scale factor of its merged delta
 * @param isBounded whether no merged delta is larger than the grid's largest total
 */
public record WeightLaw(Weight weight, Grid grid, double scale, boolean isBounded) {
    /** Whether grid and finish alone do not say that merged weights stay in the range of their type. */
    public boolean canLeave() {
        return !isBounded || !(grid.reach(scale) <= type().largestValue());
    }

    /** Whether {@link #hold} has anything to look at; if not, it is {@link Written#NOTHING}. */
    public boolean isLookedAt() {
        return canLeave() || isVariance() || type() != ElementType.FLOAT;
    }

    /**
     * Holds a run of merged weights to the law, in place.
     *
     * @param from the run's first element in the tensor
     * @param before the base's values, from index 0
     * @param merged the merged ones, from {@code at} on
     * @throws RejectedException TOTAL_OVERFLOW if one leaves the range of its element type; infinities of the base may stay
     */
    public Written hold(long from, float[] before, float[] merged, int at, int count) throws RejectedException {
        if (canLeave()) {
            requireInRange(from, before, merged, at, count);
        }
        long raised = isVariance() ? VarianceFloor.raise(before, merged, at, count) : 0;
        return Written.of(type(), before, merged, at, count, raised);
    }

    private void requireInRange(long from, float[] before, float[] merged, int at, int count) throws RejectedException {
        float largest = type().largestValue();
        for (int i = 0; i < count; i++) {
            if (Float.isFinite(before[i]) && !(Math.abs(merged[at + i]) <= largest)) {
                throw OutOfRange.weight(weight, from + i, merged[at + i]);
            }
        }
    }

    private boolean isVariance() {
        return weight.role() == WeightRole.VARIANCE;
    }

    private ElementType type() {
        return weight.tensor().type();
    }
}
