package dev.koine.sim.check;

/**
 * A promise that does not hold in a history.
 *
 * @param promise which one
 * @param what happened
 */
public record Violation(Promise promise, String what) {

    /** What Koine promises; {@code docs/reliability.md} has them in full. */
    public enum Promise {
        /** Every event ends in exactly one update or one rejection. */
        ONE_OUTCOME,
        /** An event becomes what the events before it and its own content say. */
        RIGHT_OUTCOME,
        /** Versions count up from 0 without a gap, each with the one before as its parent. */
        GAPLESS,
        /** A version has the digest of the same experts merged from scratch. */
        DIGEST,
        /** What is announced is whole, and on record. */
        WHOLE,
        /** Nothing is taken away that a kept version or a running merge needs. */
        KEPT,
        /** When nothing goes wrong any more, everything is worked off. */
        LIVE,
        /** Nothing stays in the store that nobody needs. */
        TIDY
    }

    @Override
    public String toString() {
        return promise + ": " + what;
    }
}
