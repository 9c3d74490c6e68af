package dev.koine.engine.merge;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.onnx.Alignment;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Merges experts that lie on this machine, without Kafka or Flink; the bytes are those that the job would announce. */
public final class OfflineMerge {
    private final ModelBundle base;
    private final Recipe recipe;
    private final ArtifactStore store;
    private final WorkPool pool;
    private final Progress progress;

    /**
     * @param store where task vectors are kept; may be deleted afterwards
     * @param pool the threads to use
     */
    public OfflineMerge(ModelBundle base, Recipe recipe, ArtifactStore store, WorkPool pool, Progress progress) {
        this.base = base;
        this.recipe = recipe;
        this.store = store;
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
        String baseDigest = Bundle.describe(base.directory()).digest();
        try (RunningModel model = RunningModel.open(base, recipe.scale(), store, scratch, pool)) {
            for (Expert expert : experts) {
                model.add(new Member(prune(expert.directory(), baseDigest), expert.weight()));
            }
            model.write(target, progress);
        }
    }

    /** Prunes an expert; returns the digest of its {@link TaskVector}. */
    String prune(Path directory, String baseDigest) throws RejectedException, IOException {
        List<PruneTask> tasks =
                PrunePlan.of(Alignment.of(base, ModelBundle.open(directory)).weights(), recipe);
        TensorPruner pruner = new TensorPruner(recipe);
        AtomicInteger done = new AtomicInteger();
        List<WorkPool.Part<String>> parts = new ArrayList<>();
        for (PruneTask task : tasks) {
            parts.add(() -> {
                String piece = pruner.prune(task, store);
                progress.report("pruning " + directory.getFileName(), done.incrementAndGet(), tasks.size());
                return piece;
            });
        }
        String expertDigest = Bundle.describe(directory).digest();
        return new TaskVector(baseDigest, expertDigest, pool.runAll(parts)).put(store);
    }
}
