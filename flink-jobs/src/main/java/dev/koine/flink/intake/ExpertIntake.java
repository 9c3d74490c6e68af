package dev.koine.flink.intake;

import dev.koine.engine.RejectedException;
import dev.koine.engine.merge.PrunePlan;
import dev.koine.engine.merge.PruneTask;
import dev.koine.engine.merge.Recipe;
import dev.koine.engine.merge.WorkPool;
import dev.koine.engine.onnx.Alignment;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import dev.koine.engine.store.BundleVerifier;
import dev.koine.flink.InputFiles;
import dev.koine.subscriber.events.Bundles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Takes an expert in: verifies its bundle, aligns it to the base, and cuts the work into prune tasks. */
final class ExpertIntake {
    private final AllowedPlaces places;
    private final WorkPool pool;

    ExpertIntake(AllowedPlaces places, WorkPool pool) {
        this.places = places;
        this.pool = pool;
    }

    /**
     * What has to be pruned.
     *
     * @param bundleDigest digest of the expert's bundle
     */
    record Plan(String bundleDigest, List<PruneTask> tasks) {}

    Plan plan(dev.koine.schemas.Bundle announced, ModelBundle base, Recipe recipe)
            throws RejectedException, IOException {
        Bundle bundle = Bundles.fromAvro(announced);
        Path directory = places.require(bundle);
        return InputFiles.read(List.of(directory), () -> {
            verify(bundle, directory);
            ModelBundle expert = ModelBundle.open(directory);
            return new Plan(
                    bundle.digest(), PrunePlan.of(Alignment.of(base, expert).weights(), recipe));
        });
    }

    /** Each file on a thread of its own, since a bundle's size is mostly that of two or three. */
    private void verify(Bundle bundle, Path directory) throws RejectedException, IOException {
        List<WorkPool.Part<BundleFile>> parts = new ArrayList<>();
        for (BundleFile file : bundle.files()) {
            parts.add(() -> {
                BundleVerifier.verify(new Bundle(bundle.uri(), List.of(file)), directory);
                return file;
            });
        }
        pool.runAll(parts);
    }
}
