package dev.koine.cli.status;

import java.time.Instant;

/**
 * One failure of the job, after which Flink starts it again.
 *
 * @param task where it happened, such as {@code prune}; empty where Flink does not say
 * @param cause one bounded line, see {@link Cause}
 */
public record Failure(Instant at, String task, String cause) {

    /** The cause, and where it happened. */
    public String told() {
        return task.isEmpty() ? cause : cause + " [" + task + "]";
    }

    boolean isLike(Failure other) {
        return Cause.areAlike(cause, other.cause);
    }
}
