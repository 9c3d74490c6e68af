package dev.koine.engine.merge.method;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;

/**
 * A setting that a merge method takes from the recipe.
 *
 * @param name as in events and on the command line
 * @param meaning what it is, for people
 * @param range what it may be, for people: "a fraction from 0 to 1"
 * @param least the lower end of the range
 * @param isOverLeast whether the lower end itself is outside
 * @param most the upper end
 */
public record Parameter(String name, String meaning, String range, double least, boolean isOverLeast, double most) {

    /** Of the low-rank part. A rank above the largest is no longer low for any speech model. */
    public static final Parameter RANK =
            new Parameter("rank", "rank of the low-rank part", "one from 0 to 1024", 0, false, 1024);

    /** Fraction of the entries that are kept. */
    public static final Parameter DENSITY =
            new Parameter("density", "fraction of the entries that are kept", "a fraction from 0 to 1", 0, false, 1);

    /** {@link #DENSITY} of a method that divides by it. */
    public static final Parameter DENSITY_OVER_ZERO = new Parameter(
            "density", "fraction of the entries that are kept", "a fraction above 0 and up to 1", 0, true, 1);

    /** Of what is drawn. */
    public static final Parameter SEED =
            new Parameter("seed", "of what is drawn", "a whole number", Long.MIN_VALUE, false, Long.MAX_VALUE);

    /** How far a sign may lose its election without being discarded. */
    public static final Parameter SLACK =
            new Parameter("slack", "how far a sign may lose and still count", "a fraction from 0 to 1", 0, false, 1);

    /**
     * Checks a value.
     *
     * @throws RejectedException {@link RejectionCode#INVALID_EVENT} if it is out of range
     */
    public void require(Number value) throws RejectedException {
        double number = value.doubleValue();
        if (!(number >= least && number <= most) || (isOverLeast && number == least)) {
            throw new RejectedException(
                    RejectionCode.INVALID_EVENT, "The recipe's " + name + " is " + value + "; give " + range + ".");
        }
    }
}
