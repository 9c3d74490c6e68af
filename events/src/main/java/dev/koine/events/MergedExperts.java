package dev.koine.events;

import dev.koine.engine.store.Sha256;
import dev.koine.schemas.MergedExpert;
import java.util.Optional;

/** What the entries of {@link dev.koine.schemas.ModelUpdate#getExperts} are. */
public final class MergedExperts {
    private MergedExperts() {}

    /** Whether it is no expert, but a language that is protected by its statistics. */
    public static boolean isProtection(MergedExpert expert) {
        return expert.getBundleDigest().isEmpty() && expert.getCombine().isEmpty();
    }

    /** The digest of the {@link dev.koine.engine.merge.Patch} in the store; empty where there is none. */
    public static Optional<String> patchDigest(MergedExpert expert) {
        return Optional.ofNullable(expert.getPatch()).stream()
                .flatMap(patch -> patch.getList().getFiles().stream())
                .map(file -> Sha256.PREFIX + file.getSha256())
                .findFirst();
    }
}
