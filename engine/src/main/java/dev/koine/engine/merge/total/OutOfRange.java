package dev.koine.engine.merge.total;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.linalg.Grid;
import dev.koine.engine.merge.prune.LargeConstants;
import dev.koine.engine.tensor.Weight;

/** Refusals of sums that leave their range. */
public final class OutOfRange {
    private OutOfRange() {}

    /**
     * An addend that is not finite, or that has no place in a total.
     *
     * @param key of the base weight
     * @param value what the task vector says, before it is weighted
     */
    public static RejectedException total(String key, long element, float value, double factor, Grid grid) {
        String where = "element " + element + " of " + key;
        if (!Double.isFinite(grid.toGrid(value, factor))) {
            return new RejectedException(
                    RejectionCode.NON_FINITE,
                    "The task vector has " + value + " (weight " + factor + ") at " + where
                            + ". Export the expert again from a sound checkpoint.");
        }
        return new RejectedException(
                RejectionCode.TOTAL_OVERFLOW,
                "Adding " + value + " (weight " + factor + ") at " + where
                        + " leaves the range of the running total, which ends at "
                        + (float) (grid.limit() * grid.step()) + ", " + (grid.wide() ? 16_000_000 : Grid.RANGE)
                        + " times the base's largest weight or more." + advice(value));
    }

    /**
     * A sum of addends that each have a place, and have none together.
     *
     * @param key of the base weight
     * @param total in steps of the grid
     */
    public static RejectedException sum(String key, long element, double total, Grid grid) {
        return new RejectedException(
                RejectionCode.TOTAL_OVERFLOW,
                "The experts add up to " + (float) (total * grid.step()) + " at element " + element + " of " + key
                        + ", and the running total there ends at " + (float) (grid.limit() * grid.step())
                        + ". Check that all were fine-tuned from this base, lower their weights, or leave some out.");
    }

    private static String advice(float value) {
        String ofConstant = LargeConstants.advice(value);
        return ofConstant.isEmpty()
                ? " Check that the expert was fine-tuned from this base, lower its weight, retract experts, or have the recipe"
                        + " leave this tensor as it is (--policy PATTERN=FROZEN; koine inspect shows its position)."
                : ofConstant;
    }

    /** A merged weight beyond the largest value of its element type. */
    static RejectedException weight(Weight weight, long element, float merged) {
        return new RejectedException(
                RejectionCode.TOTAL_OVERFLOW,
                "Element " + element + " of " + weight.key() + " would be " + merged + ", and "
                        + weight.tensor().type() + " ends at "
                        + weight.tensor().type().largestValue()
                        + ". Check that the expert was fine-tuned from this base, lower its weight, or retract experts.");
    }
}
