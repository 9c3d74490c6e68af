package dev.koine.beam;

import dev.koine.beam.merge.MergeExpert;
import dev.koine.engine.Progress;
import dev.koine.engine.WorkPool;
import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.merge.OfflineMerge;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.Bundle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What {@code koine merge} comes to. */
final class OfflineDigest {
    private OfflineDigest() {}

    static String of(Path directory, Path base, List<MergeExpert> experts, Recipe recipe) throws Exception {
        Path target = Files.createTempDirectory(directory, "offline");
        try (WorkPool pool = new WorkPool(2)) {
            new OfflineMerge(ModelBundle.openWithoutStrays(base), recipe, Lanczos::truncate, pool, Progress.NONE)
                    .merge(
                            experts.stream()
                                    .map(expert -> new OfflineMerge.Expert(Path.of(expert.place), expert.weight))
                                    .toList(),
                            target);
        }
        return Bundle.describe(target).digest();
    }
}
