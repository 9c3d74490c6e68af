package dev.koine.events;

import dev.koine.schemas.MergedExpert;

/** What the entries of {@link dev.koine.schemas.ModelUpdate#getExperts} are. */
public final class MergedExperts {
    private MergedExperts() {}

    /** Whether it is no expert, but a language that is protected by its statistics. */
    public static boolean isProtection(MergedExpert expert) {
        return expert.getBundleDigest().isEmpty() && expert.getCombine().isEmpty();
    }
}
