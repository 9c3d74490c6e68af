package dev.koine.engine.merge;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.linalg.Decomposition;
import dev.koine.engine.onnx.Alignment;
import dev.koine.engine.onnx.ModelBundle;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Merges experts that lie on this machine, without Kafka or Flink; the bytes are those that the job would announce. */
public final class OfflineMerge {
    private final ModelBundle base;
    private final Recipe recipe;
    private final Decomposition decomposition;
    private final WorkPool pool;
    private final Progress progress;

    /**
     * @param decomposition finds low-rank parts; the bytes are the job's if the job has the same
     * @param pool the threads to use
     */
    public OfflineMerge(
            ModelBundle base, Recipe recipe, Decomposition decomposition, WorkPool pool, Progress progress) {
        this.base = base;
        this.recipe = recipe;
        this.decomposition = decomposition;
        this.pool = pool;
        this.progress = progress;
    }

    /** An expert's bundle on this machine, and the factor of its task vector. */
    public record Expert(Path directory, double weight) {}

    /**
     * Merges the experts into the base.
     *
     * @param scratch a directory for the running totals
     * @param target an empty directory for the merged bundle
     * @throws RejectedException if base or an expert is refused; {@code target} is then of no use
     */
    public void merge(List<Expert> experts, Path scratch, Path target) throws RejectedException, IOException {
        recipe.validated();
        try (RunningModel model = RunningModel.open(base, recipe.scale(), scratch, pool)) {
            for (Expert expert : experts) {
                add(expert, model);
            }
            model.write(target, progress);
        }
    }

    /** Prunes an expert and adds it, task by task: nothing of it is kept, so nothing is written, hashed and read again. */
    private void add(Expert expert, RunningModel model) throws RejectedException, IOException {
        Path directory = expert.directory();
        List<PruneTask> tasks =
                PrunePlan.of(Alignment.of(base, ModelBundle.open(directory)).weights(), recipe);
        TensorPruner pruner = new TensorPruner(recipe, decomposition);
        AtomicInteger done = new AtomicInteger();
        List<WorkPool.Part<PruneTask>> parts = new ArrayList<>();
        for (PruneTask task : tasks) {
            parts.add(() -> {
                model.add(pruner.prune(task), expert.weight());
                progress.report("pruning " + directory.getFileName(), done.incrementAndGet(), tasks.size());
                return task;
            });
        }
        pool.runAll(parts);
    }
}
