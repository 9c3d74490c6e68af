package dev.koine.lifecycle.history;

import java.io.Serializable;
import java.time.Duration;

/**
 * What the store keeps.
 *
 * @param versions how many of each model's newest versions; 0 for all. Version 0 is kept always
 * @param age versions younger than this are kept, too
 * @param experts whether the copies of the experts inside kept versions are kept, too; their task vectors always are
 * @param grace nothing that was put so short a time ago is taken away
 */
public record RetentionPolicy(int versions, Duration age, boolean experts, Duration grace) implements Serializable {
    /** Keeps everything that a version refers to. */
    public static final RetentionPolicy ALL = new RetentionPolicy(0, Duration.ZERO, true, Duration.ofHours(1));

    public RetentionPolicy {
        if (versions < 0 || age.isNegative() || grace.isNegative()) {
            throw new IllegalArgumentException("Give a number of versions, an age and a grace that are not negative.");
        }
    }
}
