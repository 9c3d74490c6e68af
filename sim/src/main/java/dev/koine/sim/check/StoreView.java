package dev.koine.sim.check;

import dev.koine.engine.RejectedException;
import dev.koine.engine.merge.TaskVector;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleVerifier;
import dev.koine.engine.store.LocalStore;
import dev.koine.events.Bundles;
import dev.koine.events.MergedExperts;
import dev.koine.lifecycle.history.VersionRecords;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.YardstickScore;
import dev.koine.sim.store.SimStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** A store as somebody sees it who only looks. */
public final class StoreView {
    private final ArtifactStore store;

    /** @param directory of a store */
    public StoreView(Path directory) throws IOException {
        store = LocalStore.open(directory, Runnable::run, new QuickDisk());
    }

    public ArtifactStore store() {
        return store;
    }

    /** What is wrong with the model of a version; empty if it is whole. */
    Optional<String> damage(ModelUpdate version) {
        try {
            Bundle bundle = Bundles.of(version);
            BundleVerifier.verify(bundle, store.bundle(bundle.digest()));
            return bundle.uri().equals(SimStore.placeOf(bundle.digest()))
                    ? Optional.empty()
                    : Optional.of("It is said to lie at " + bundle.uri() + ".");
        } catch (IOException | RejectedException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    /** Whether a version is on record. */
    boolean isRecorded(ModelUpdate version) throws IOException {
        return recorded(version.getModelId()).stream()
                .anyMatch(found -> found.getVersion() == version.getVersion()
                        && found.getDigest().equals(version.getDigest())
                        && found.getExperts().equals(version.getExperts()));
    }

    /** The versions of a model that are on record. */
    List<ModelUpdate> recorded(String modelId) throws IOException {
        return new VersionRecords(store.records())
                .all().stream()
                        .map(VersionRecords.Recorded::update)
                        .filter(update -> update.getModelId().equals(modelId))
                        .toList();
    }

    /** What going on from a version, or back to it, needs and the store has not. */
    List<String> missing(ModelUpdate version) {
        List<String> missing = new ArrayList<>();
        for (MergedExpert expert : version.getExperts()) {
            try {
                for (String piece :
                        TaskVector.get(store, expert.getTaskVectorDigest()).needs()) {
                    store.get(piece);
                }
            } catch (IOException e) {
                missing.add("what was made of " + expert.getExpertId() + ": " + e.getMessage());
            }
        }
        for (String yardstick : yardsticks(version)) {
            try {
                store.bundle(yardstick);
            } catch (IOException e) {
                missing.add("what it was held against: " + e.getMessage());
            }
        }
        return missing;
    }

    private static Set<String> yardsticks(ModelUpdate version) {
        return version.getGate() == null
                ? Set.of()
                : version.getGate().getScores().stream()
                        .flatMap(score -> score.getYardsticks().stream())
                        .map(YardstickScore::getDigest)
                        .collect(Collectors.toSet());
    }

    /** The digests that a version needs. */
    Set<String> needs(ModelUpdate version) throws IOException {
        Set<String> needed = new HashSet<>();
        needed.add(version.getDigest());
        if (version.getGate() != null) {
            needed.addAll(version.getGate().getEvaluationSets());
            needed.addAll(yardsticks(version));
        }
        for (MergedExpert expert : version.getExperts()) {
            needed.add(expert.getBundleDigest());
            needed.add(expert.getTaskVectorDigest());
            needed.addAll(TaskVector.get(store, expert.getTaskVectorDigest()).needs());
            MergedExperts.patchDigest(expert).ifPresent(needed::add);
        }
        return needed;
    }
}
