package dev.koine.flink.intake;

import dev.koine.engine.RejectedException;
import dev.koine.engine.merge.PrunePlan;
import dev.koine.engine.merge.PruneTask;
import dev.koine.engine.merge.Recipe;
import dev.koine.engine.onnx.Alignment;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleVerifier;
import dev.koine.flink.InputFiles;
import dev.koine.subscriber.events.Bundles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Takes an expert in: verifies its bundle, aligns it to the base, and cuts the work into prune tasks. */
final class ExpertIntake {
    private final AllowedPlaces places;

    ExpertIntake(AllowedPlaces places) {
        this.places = places;
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
            BundleVerifier.verify(bundle, directory);
            ModelBundle expert = ModelBundle.open(directory);
            return new Plan(
                    bundle.digest(), PrunePlan.of(Alignment.of(base, expert).weights(), recipe));
        });
    }
}
