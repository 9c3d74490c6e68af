package dev.koine.engine.merge.method;

/** A finish that looks at one element at a time. */
@FunctionalInterface
public non-sealed interface Elementwise extends Finish {
    /** The first plane is the delta. */
    Elementwise SUM = new Elementwise() {
        @Override
        public void finish(double[][] totals, int count) {}

        @Override
        public boolean isBounded() {
            return true;
        }
    };

    /**
     * Makes totals deltas, in place: {@code totals[0][i]} becomes the merged delta of an element before it is scaled, in steps of the grid.
     *
     * @param totals {@code [plane][i]}, in steps of the grid or counts, as {@link Accumulation#planes} has them
     */
    void finish(double[][] totals, int count);

    /** Whether no delta is larger than the largest total that the grid has. If not known, every merged weight's range is looked at. */
    default boolean isBounded() {
        return false;
    }
}
