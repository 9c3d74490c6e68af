package dev.koine.lifecycle.gate;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.schemas.GatePolicy;
import java.util.Arrays;

/** What comes of a candidate that does not hold the policy. */
public enum GateMode {
    /** It becomes a version, with the report. */
    OBSERVE,
    /** It is refused, with the report. */
    ENFORCE;

    /**
     * The mode of a policy.
     *
     * @throws RejectedException {@link RejectionCode#INVALID_EVENT} if there is none of this name
     */
    public static GateMode of(GatePolicy policy) throws RejectedException {
        for (GateMode mode : values()) {
            if (mode.name().equals(policy.getMode())) {
                return mode;
            }
        }
        throw new RejectedException(
                RejectionCode.INVALID_EVENT,
                "The gate's mode is '" + policy.getMode() + "'; it must be one of " + Arrays.toString(values()) + ".");
    }
}
