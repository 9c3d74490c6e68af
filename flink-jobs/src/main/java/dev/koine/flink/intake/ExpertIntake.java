package dev.koine.flink.intake;

import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.merge.prune.Distance;
import dev.koine.engine.merge.prune.PrunePlan;
import dev.koine.engine.merge.prune.PruneTask;
import dev.koine.engine.merge.prune.Unchanged;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import dev.koine.engine.store.BundleSource;
import dev.koine.engine.store.BundleVerifier;
import dev.koine.flink.input.InputFiles;
import dev.koine.flink.prune.BundlePlaces;
import dev.koine.objectstore.ObjectBundles;
import dev.koine.subscriber.events.Bundles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes an expert in: copies its bundle to the store while hashing it, aligns the copy to the base, and cuts the work into prune
 * tasks. Only the copy is looked into, so what was hashed is what is merged, whatever becomes of the files at their place. The copy
 * of an expert that is refused is not kept.
 */
final class ExpertIntake {
    private static final Logger LOG = LoggerFactory.getLogger(ExpertIntake.class);

    private final AllowedPlaces places;
    private final BundleSource bundles = new ObjectBundles();
    private final ArtifactStore store;
    private final WorkPool pool;

    ExpertIntake(AllowedPlaces places, ArtifactStore store, WorkPool pool) {
        this.places = places;
        this.store = store;
        this.pool = pool;
    }

    /**
     * What has to be pruned.
     *
     * @param bundleDigest digest of the expert's bundle
     * @param files the bundles in the store that the tasks' files belong to
     */
    record Plan(String bundleDigest, List<PruneTask> tasks, BundlePlaces files) {}

    /**
     * Plans the work on an expert.
     *
     * @param baseDigest of the bundle of {@code base}
     */
    Plan plan(dev.koine.schemas.Bundle announced, ModelBundle base, String baseDigest, Recipe recipe)
            throws RejectedException, IOException {
        Bundle said = Bundles.fromAvro(announced);
        Bundle found = places.require(said);
        List<Plan> planned = new ArrayList<>();
        InputFiles.read(
                found.isLocal() ? List.of(found.directory()) : List.of(),
                () -> store.<RejectedException>putBundle(copy -> {
                    copy(found, copy);
                    Alignment aligned = Alignment.of(base, ModelBundle.open(copy));
                    Unchanged.refuse(aligned, recipe);
                    Distance.warning(aligned, recipe)
                            .ifPresent(warning -> LOG.warn("The expert at {}: {}", said.uri(), warning));
                    List<PruneTask> tasks = PrunePlan.of(aligned.weights(), recipe);
                    BundlePlaces files = new BundlePlaces(Map.of(base.directory(), baseDigest, copy, found.digest()));
                    planned.add(new Plan(found.digest(), tasks, files));
                }));
        return planned.get(0);
    }

    /** Each file on a thread of its own, since a bundle's size is mostly that of two or three. */
    private void copy(Bundle bundle, Path target) throws RejectedException, IOException {
        List<WorkPool.Part<BundleFile>> parts = new ArrayList<>();
        for (BundleFile file : bundle.files()) {
            parts.add(() -> {
                BundleVerifier.copyVerified(new Bundle(bundle.uri(), List.of(file)), bundles, target);
                return file;
            });
        }
        pool.runAll(parts);
    }
}
