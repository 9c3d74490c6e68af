package dev.koine.lifecycle.gate;

import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.Interval;
import dev.koine.schemas.LanguageScore;
import dev.koine.schemas.YardstickScore;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How far a version lies above a yardstick, in one language and task.
 *
 * @param interval where the growth of the error lies; null if only its measured value is known
 * @param least the growth that counts: the lower bound, or what is measured
 */
record Decline(@Nullable Interval interval, double least) {
    /** Empty where one of the two has no error, or they could not be compared. */
    static Optional<Decline> of(LanguageScore score, YardstickScore yardstick) {
        @Nullable Double error = score.getAfter().getError();
        if (error == null || yardstick.getFailure() != null) {
            return Optional.empty();
        }
        @Nullable Interval growth = yardstick.getGrowth();
        return Optional.of(new Decline(growth, growth == null ? error - yardstick.getError() : growth.getLow()));
    }

    boolean isBeyond(GatePolicy policy) {
        return least > policy.getMaxDecline() + Gate.ROUNDING;
    }
}
