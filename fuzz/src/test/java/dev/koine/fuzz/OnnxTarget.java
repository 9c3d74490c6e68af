package dev.koine.fuzz;

import dev.koine.engine.RejectedException;
import dev.koine.engine.merge.prune.PrunePlan;
import dev.koine.engine.merge.prune.PruneTask;
import dev.koine.engine.merge.prune.TensorPruner;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.Alignment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The ONNX file of an expert, beside a file with external data: indexed, aligned to a good base, and pruned. */
public final class OnnxTarget {
    private static final long MOST_PRUNED = 1 << 12;
    private static final Path WORK = Work.folder("onnx");
    private static final Path EXPERT = WORK.resolve("expert");
    private static final ModelBundle BASE = base();

    private OnnxTarget() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        try {
            Files.write(EXPERT.resolve("model.onnx"), data);
            ModelBundle expert = ModelBundle.open(EXPERT);
            expert.quantization();
            for (PruneTask task : PrunePlan.of(Alignment.of(BASE, expert).weights(), Recipe.PUBLISHED)) {
                if (task.items().stream().mapToLong(item -> item.count()).sum() <= MOST_PRUNED) {
                    new TensorPruner(Recipe.PUBLISHED).prune(task);
                }
            }
        } catch (RejectedException refused) {
            EventTarget.requireMessage(refused);
        }
    }

    private static ModelBundle base() {
        try {
            Path base = Files.createDirectories(WORK.resolve("base"));
            Files.write(base.resolve("model.onnx"), Models.inline(1));
            Files.createDirectories(EXPERT);
            Files.write(EXPERT.resolve("weights.bin"), new byte[4096]);
            Files.write(WORK.resolve("outside.bin"), new byte[4096]);
            return ModelBundle.open(base);
        } catch (IOException | RejectedException e) {
            throw new IllegalStateException("The base is good.", e);
        }
    }
}
