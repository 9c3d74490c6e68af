package dev.koine.cli.card;

import dev.koine.engine.merge.total.Written;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How much of an update arrives in weights that are narrower than float32. */
public final class UpdateShares {
    private UpdateShares() {}

    /** A sentence on a share that is small, with what to do about it; empty for any other, and where there is none. */
    public static Optional<String> warning(@Nullable Double share) {
        return share == null || !Written.isLittle(share)
                ? Optional.empty()
                : Optional.of("Only " + percent(share)
                        + " of the update arrives: steps smaller than half the distance between two values of the weights'"
                        + " element type (float16 or bfloat16) are rounded away. Export base and experts in float32, which is"
                        + " exact for narrower checkpoints, too.");
    }

    /** {@code 17 %}. */
    static String percent(double share) {
        return String.format(Locale.ROOT, "%.0f %%", 100 * share);
    }
}
