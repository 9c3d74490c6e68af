package dev.koine.cli.demo;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.checkpoint.ExpertFolder;
import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.merge.OfflineMerge;
import dev.koine.engine.merge.method.TaskArithmetic;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.recipe.Scale;
import dev.koine.engine.onnx.ModelBundle;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A base with one adapter in it, whole: what somebody who serves that language alone would have. */
final class AdaptedBase {
    private AdaptedBase() {}

    /** Writes the model to a folder, which is made. */
    static Path write(Fixtures fixtures, Path adapter, Path target) throws IOException, RejectedException {
        ModelBundle base = ModelBundle.open(fixtures.base());
        Recipe whole = Recipe.standard(new TaskArithmetic()).with(Scale.fixed(1));
        try (WorkPool pool = new WorkPool(1)) {
            MappedBase mapped = MappedBase.map(base, ExpertFolder.open(fixtures.checkpoint("base")), pool);
            new OfflineMerge(base, mapped, whole, Lanczos::truncate, pool, Progress.NONE)
                    .merge(List.of(new OfflineMerge.Expert(adapter, 1)), target);
        }
        return target;
    }
}
