package dev.koine.subscriber;

import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleSource;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelUpdate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gets versions into the cache: whole, or, where that is wanted and has fewer bytes, computed from what changed and held against the announced digests as
 * what is fetched is. What cannot be computed is fetched whole.
 */
final class VersionFetch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(VersionFetch.class);

    private final BundleCache cache;
    private final @Nullable Patching patching;

    private record Patching(HeldArtifacts held, ComputedVersions computed, WorkPool pool, boolean isBaseFirst) {
        void close() throws IOException {
            computed.close();
            pool.close();
        }
    }

    private VersionFetch(BundleCache cache, @Nullable Patching patching) {
        this.cache = cache;
        this.patching = patching;
    }

    /** Whole bundles. */
    static VersionFetch whole(BundleCache cache) {
        return new VersionFetch(cache, null);
    }

    /**
     * What changed.
     *
     * @param directory for what is held beside the cache
     * @param threads that compute
     */
    static VersionFetch patching(BundleCache cache, Path directory, BundleSource source, int threads)
            throws IOException {
        Files.createDirectories(directory);
        HeldArtifacts held = HeldArtifacts.open(directory.resolve("held"), source);
        WorkPool pool = new WorkPool(threads);
        ComputedVersions computed = ComputedVersions.open(directory.resolve("totals"), pool);
        return new VersionFetch(cache, new Patching(held, computed, pool, !source.readsPlaces()));
    }

    /**
     * A verified local copy of a version's bundle.
     *
     * @param told is told how it came, unless it was here already
     * @throws RejectedException if the bundle is not at its place as it is described
     * @throws IOException if it cannot be read or stored
     */
    Path fetch(ModelUpdate update, Bundle bundle, Consumer<Fetched> told) throws IOException, RejectedException {
        boolean hasVersion = !cache.isEmpty();
        return cache.fetch(bundle, incoming -> {
            Fetched fetched = patching == null
                    ? Fetched.whole(bundle.bytes(), "")
                    : computed(patching, update, bundle, hasVersion, incoming);
            if (!fetched.isComputed()) {
                cache.copy(bundle, incoming);
            }
            LOG.info("{}: {}.", name(update), fetched);
            told.accept(fetched);
        });
    }

    /** What was done, or why the version is to be fetched whole. */
    private static Fetched computed(
            Patching parts, ModelUpdate update, Bundle bundle, boolean hasVersion, Path incoming)
            throws IOException, RejectedException {
        VersionPlan plan = VersionPlan.of(update, bundle, parts.held(), hasVersion || parts.isBaseFirst());
        if (!plan.isComputed()) {
            return Fetched.whole(bundle.bytes(), plan.reason());
        }
        try {
            fetchMissing(parts.held(), update, plan);
        } catch (RejectedException e) {
            return Fetched.whole(bundle.bytes(), String.valueOf(e.getMessage()));
        }
        try {
            write(parts, update, bundle, incoming);
        } catch (RejectedException | IOException | RuntimeException e) {
            LOG.warn("{} does not come out as announced; what it was computed from is let go of.", name(update), e);
            parts.computed().clear();
            parts.held().clear();
            FileTree.clear(incoming);
            return Fetched.whole(bundle.bytes(), "it does not come out as announced (" + e.getMessage() + ")");
        }
        return new Fetched(plan.bytes(), plan.whole(), "", true);
    }

    private static String name(ModelUpdate update) {
        return "Version " + update.getVersion() + " of " + update.getModelId();
    }

    private static void fetchMissing(HeldArtifacts held, ModelUpdate update, VersionPlan plan)
            throws IOException, RejectedException {
        Bundle base = VersionPlan.base(update).orElseThrow();
        if (!held.hasBase(base.digest())) {
            held.fetchBase(base);
        }
        for (MergedExpert expert : plan.missing()) {
            held.fetch(expert);
        }
    }

    private static void write(Patching parts, ModelUpdate update, Bundle bundle, Path incoming)
            throws IOException, RejectedException {
        String base = VersionPlan.base(update).orElseThrow().digest();
        parts.computed().write(update, bundle, base, parts.held().store(), incoming);
    }

    /** Notes what serves now: what only older versions need goes. */
    void served(ModelUpdate update, Path copy) {
        cache.prune(copy);
        if (patching != null) {
            try {
                hold(patching.held(), update, copy);
            } catch (IOException | RejectedException e) {
                LOG.warn("What versions are computed from could not be tidied up: {}", e.toString());
            }
        }
    }

    private static void hold(HeldArtifacts held, ModelUpdate update, Path copy) throws IOException, RejectedException {
        Bundle base = VersionPlan.base(update).orElse(null);
        if (base == null) {
            return;
        }
        if (update.getVersion() == 0 && !held.hasBase(base.digest())) {
            held.keepBase(base, copy);
        }
        held.keepOnly(List.of(update));
    }

    @Override
    public void close() throws IOException {
        try (BundleCache closedLast = cache) {
            if (patching != null) {
                patching.close();
            }
        }
    }
}
