package dev.koine.follower.triton;

/**
 * How many instances of each model Triton runs, and on what.
 *
 * @param count 1 or more
 */
public record Instances(int count, Kind kind) {
    /** What instances run on; AUTO is a GPU where Triton has one. */
    public enum Kind {
        AUTO,
        CPU,
        GPU
    }

    /** @throws IllegalArgumentException if there are none */
    public Instances {
        if (count < 1) {
            throw new IllegalArgumentException("Give 1 instance or more, not " + count + ".");
        }
    }
}
