package dev.koine.engine.merge.method;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;

/**
 * What merge methods take from a recipe; each its own ({@link MergeMethod#parameters}), the others stay unread.
 *
 * @param rank rank of the low-rank part of a pruned matrix; 0 for none
 * @param density fraction of the entries that are kept, 0 to 1: of the residual under LORS, of the delta under SPARSE and RANDOM
 * @param seed of what a method draws
 * @param slack for TIES, see {@link Ties}
 */
public record Parameters(int rank, double density, long seed, double slack) {
    /** Nothing is kept. */
    public static final Parameters NONE = new Parameters(0, 0, 0, 0);

    /** This with another rank. */
    public Parameters withRank(int other) {
        return new Parameters(other, density, seed, slack);
    }

    /** This with another density. */
    public Parameters withDensity(double other) {
        return new Parameters(rank, other, seed, slack);
    }

    /** This with another seed. */
    public Parameters withSeed(long other) {
        return new Parameters(rank, density, other, slack);
    }

    /** This with another slack. */
    public Parameters withSlack(double other) {
        return new Parameters(rank, density, seed, other);
    }

    /**
     * Checks the ranges.
     *
     * @param drawsAtRandom whether entries are drawn, and divided by the density
     * @throws RejectedException {@link RejectionCode#INVALID_EVENT} if one makes no sense
     */
    public void require(boolean drawsAtRandom) throws RejectedException {
        Parameter.RANK.require(rank);
        Parameter.DENSITY.require(density);
        Parameter.SLACK.require(slack);
        if (drawsAtRandom) {
            Parameter.DENSITY_OVER_ZERO.require(density);
        }
    }
}
