package dev.koine.lifecycle.gate;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import java.util.Arrays;

/** An earlier version that a candidate is held against, beside its parent. */
public enum Yardstick {
    /** Version 0. */
    BASE("the base"),
    /** The version of the least error since the language is inside; of several the newest. */
    BEST("the best so far");

    private final String description;

    Yardstick(String description) {
        this.description = description;
    }

    /** As a sentence has it. */
    String description() {
        return description;
    }

    /**
     * The yardstick of a name.
     *
     * @throws RejectedException {@link RejectionCode#INVALID_EVENT} if there is none
     */
    static Yardstick of(String name) throws RejectedException {
        for (Yardstick yardstick : values()) {
            if (yardstick.name().equals(name)) {
                return yardstick;
            }
        }
        throw new RejectedException(
                RejectionCode.INVALID_EVENT,
                "The gate holds candidates against '" + (name.length() > 40 ? name.substring(0, 40) + "..." : name)
                        + "'; it must be one of " + Arrays.toString(values()) + ".");
    }
}
