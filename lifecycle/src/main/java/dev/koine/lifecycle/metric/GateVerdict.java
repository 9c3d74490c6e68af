package dev.koine.lifecycle.metric;

import java.util.Locale;

/** What the gate made of a candidate. */
public enum GateVerdict {
    /** It holds the policy. */
    PASSED,
    /** It breaks the policy and becomes a version all the same. */
    OBSERVED,
    /** It breaks the policy and becomes no version. */
    REFUSED;

    /** As a label. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
