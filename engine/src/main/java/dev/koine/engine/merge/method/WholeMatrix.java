package dev.koine.engine.merge.method;

/**
 * A finish that needs all of a weight at once, such as one that works on singular values of the sum.
 *
 * <p>One matrix of a model is in memory at a time: eight bytes an element, and what the finish itself takes. Merged weights can end up
 * anywhere, so each is looked at when a version is written, not yet when an expert is added.
 */
public non-sealed interface WholeMatrix extends Finish {
    /** What comes before: makes deltas of the totals. */
    default Elementwise elements() {
        return Elementwise.SUM;
    }

    /**
     * Makes one merged delta another, in place.
     *
     * @param delta before it is scaled, in units of the weights, row-major {@code [rows, columns]}
     * @param rows the first dimension; 1 for a vector
     * @param columns all other dimensions together
     */
    void finish(double[] delta, int rows, int columns);
}
