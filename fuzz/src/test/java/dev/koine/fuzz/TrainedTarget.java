package dev.koine.fuzz;

import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.checkpoint.ExpertFolder;
import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.engine.merge.prune.PrunePlan;
import dev.koine.engine.merge.prune.PruneTask;
import dev.koine.engine.merge.prune.TensorPruner;
import dev.koine.engine.merge.prune.Unchanged;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.testkit.TrainedForms;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** An expert as training leaves it, one of whose files comes from outside: laid over a base, and pruned as far as it passes. */
final class TrainedTarget {
    private static final TensorPruner PRUNER = new TensorPruner(Recipe.PUBLISHED);

    private final Path folder;
    private final MappedBase base;

    private TrainedTarget(Path folder, MappedBase base) {
        this.folder = folder;
        this.base = base;
    }

    /** What puts a good expert into a folder. */
    @FunctionalInterface
    interface Good {
        void write(Path base, Path folder) throws IOException, RejectedException;
    }

    static TrainedTarget of(String name, Good good) {
        try {
            Path work = Work.folder(name);
            Path onnx = Files.createDirectory(work.resolve("base"));
            Files.write(onnx.resolve("model.onnx"), Models.inline(1));
            Path checkpoint = TrainedForms.checkpoint(onnx, onnx, work.resolve("checkpoint"));
            Path folder = work.resolve("expert");
            good.write(onnx, folder);
            return new TrainedTarget(
                    folder, MappedBase.map(ModelBundle.open(onnx), ExpertFolder.open(checkpoint), WorkPool.inCaller()));
        } catch (IOException | RejectedException e) {
            throw new IllegalStateException("The good expert is none.", e);
        }
    }

    /** Moves the one shard that the index names to where a good expert of one file has it. */
    static void shard(Path folder) throws IOException {
        Files.move(
                folder.resolve("model.safetensors"),
                folder.resolve("model-00001-of-00001.safetensors"),
                StandardCopyOption.REPLACE_EXISTING);
    }

    void run(String file, byte[] data) throws IOException {
        Files.write(folder.resolve(file), data);
        try {
            Alignment aligned = ExpertFolder.open(folder).align(base.model(), base);
            Unchanged.refuse(aligned, Recipe.PUBLISHED);
            for (PruneTask task : PrunePlan.of(aligned.weights(), Recipe.PUBLISHED)) {
                PRUNER.prune(task);
            }
        } catch (RejectedException refused) {
            EventTarget.requireMessage(refused);
        }
    }
}
