package dev.koine.subscriber;

import dev.koine.engine.RejectedException;
import dev.koine.engine.store.Bundle;
import dev.koine.events.Bundles;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelUpdate;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Which way a version comes: its whole bundle, or what changed, whichever has fewer bytes. The base counts once: a service that has no version yet takes
 * a whole one, and fetches the base with the next, if the task vectors then have less than half of the whole bundle's bytes. Where files come by the broker,
 * which may have no whole bundles, the base comes first.
 *
 * @param missing the experts whose task vectors are to be fetched; none where the whole bundle is
 * @param bytes that are to be fetched
 * @param whole what the whole bundle has
 * @param reason why it is fetched whole; empty where it is computed
 */
record VersionPlan(List<MergedExpert> missing, long bytes, long whole, String reason) {
    VersionPlan {
        missing = List.copyOf(missing);
    }

    /** @param isBaseWanted whether another version is here that may serve meanwhile, or the base comes first anyway */
    static VersionPlan of(ModelUpdate update, Bundle bundle, HeldArtifacts held, boolean isBaseWanted)
            throws IOException, RejectedException {
        Optional<Bundle> base = base(update);
        if (base.isEmpty() || !isSaid(update)) {
            return whole(bundle, "its update does not say all that it is made of");
        }
        List<MergedExpert> missing = new ArrayList<>();
        long bytes = 0;
        for (MergedExpert expert : update.getExperts()) {
            if (!held.has(expert)) {
                missing.add(expert);
                bytes += expert.getPatch().getBytes()
                        + Bundles.fromAvro(expert.getPatch().getList()).bytes();
            }
        }
        long ofBase = held.hasBase(base.get().digest()) ? 0 : base.get().bytes();
        if (ofBase > 0 && !isBaseWanted) {
            return whole(bundle, "the base is not here yet");
        }
        if ((ofBase > 0 ? 2 * bytes : bytes) >= bundle.bytes()) {
            return whole(bundle, "its task vectors have " + bytes + " bytes");
        }
        return new VersionPlan(missing, bytes + ofBase, bundle.bytes(), "");
    }

    private static VersionPlan whole(Bundle bundle, String reason) {
        return new VersionPlan(List.of(), bundle.bytes(), bundle.bytes(), reason);
    }

    boolean isComputed() {
        return reason.isEmpty();
    }

    /** The model that a version's line begins with, which version 0 is itself; empty where an older release has not said it. */
    static Optional<Bundle> base(ModelUpdate update) throws RejectedException {
        if (update.getVersion() == 0) {
            return Optional.of(Bundles.of(update));
        }
        return update.getBase() == null ? Optional.empty() : Optional.of(Bundles.fromAvro(update.getBase()));
    }

    private static boolean isSaid(ModelUpdate update) {
        boolean hasScale = update.getExperts().isEmpty() || update.getScale() != null;
        return hasScale
                && update.getScalesDigest() == null
                && update.getExperts().stream().allMatch(expert -> expert.getPatch() != null);
    }
}
