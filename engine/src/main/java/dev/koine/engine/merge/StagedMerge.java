package dev.koine.engine.merge;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.linalg.Decomposition;
import dev.koine.engine.merge.prune.PruneItem;
import dev.koine.engine.merge.prune.PrunePlan;
import dev.koine.engine.merge.prune.PruneTask;
import dev.koine.engine.merge.prune.TensorPruner;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.total.Written;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.statistics.Statistics;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.LocalStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Merges in the steps of the job: prunes each expert to pieces on disk, adds them to a {@link RunningModel}, resolves the scale, and
 * writes. For what cannot be done tensor by tensor: a scale that depends on the whole model, a method that is no sum, and task vectors
 * that are kept. Scratch on disk is what the task vectors and the totals take.
 */
final class StagedMerge {
    private final ModelBundle base;
    private final Recipe recipe;
    private final Decomposition decomposition;
    private final WorkPool pool;
    private final Progress progress;

    StagedMerge(ModelBundle base, Recipe recipe, Decomposition decomposition, WorkPool pool, Progress progress) {
        this.base = base;
        this.recipe = recipe;
        this.decomposition = decomposition;
        this.pool = pool;
        this.progress = progress;
    }

    /**
     * Merges the experts.
     *
     * @param scratch an empty directory
     */
    Written merge(
            List<OfflineMerge.Expert> experts,
            List<Alignment> aligned,
            List<OfflineMerge.ProtectedLanguage> languages,
            Path scratch,
            Path target)
            throws RejectedException, IOException {
        LocalStore store = LocalStore.open(scratch.resolve("store"));
        try (RunningModel model = RunningModel.open(base, recipe, store, scratch, pool)) {
            for (int i = 0; i < experts.size(); i++) {
                OfflineMerge.Expert expert = experts.get(i);
                Alignment alignment = aligned.get(i);
                List<String> pieces = expert.input().read(() -> prune(alignment, store));
                keep(pieces, store, expert.taskVector());
                String taskVector = new TaskVector("", "", pieces)
                        .weighedBy(statistics(expert.statistics(), store))
                        .put(store);
                expert.input().read(() -> {
                    model.add(new Member(taskVector, expert.factor()));
                    return taskVector;
                });
            }
            for (OfflineMerge.ProtectedLanguage language : languages) {
                String taskVector = new TaskVector("", "", List.of())
                        .weighedBy(statistics(language.statistics(), store))
                        .put(store);
                language.input().read(() -> {
                    model.add(new Member(taskVector, language.factor()));
                    return taskVector;
                });
            }
            return model.write(target, model.scales(), progress);
        }
    }

    private @Nullable String statistics(@Nullable Path folder, ArtifactStore store)
            throws RejectedException, IOException {
        if (folder == null || !recipe.method().isWeighed()) {
            return null;
        }
        return store.<RejectedException>putBundle(
                        copy -> Files.copy(folder.resolve(Statistics.FILE), copy.resolve(Statistics.FILE)))
                .digest();
    }

    private List<String> prune(Alignment expert, ArtifactStore store) throws RejectedException, IOException {
        List<PruneTask> tasks = PrunePlan.of(expert.weights(), recipe);
        TensorPruner pruner = new TensorPruner(recipe, decomposition);
        long total = tasks.stream().mapToLong(StagedMerge::elements).sum();
        AtomicLong done = new AtomicLong();
        List<WorkPool.Part<String>> parts = new ArrayList<>();
        for (PruneTask task : tasks) {
            parts.add(() -> {
                String piece = pruner.prune(task, store);
                progress.report("pruning", done.addAndGet(elements(task)), total);
                return piece;
            });
        }
        return pool.runAll(parts);
    }

    private static long elements(PruneTask task) {
        return task.items().stream().mapToLong(PruneItem::count).sum();
    }

    private static void keep(List<String> pieces, ArtifactStore store, @Nullable Path directory) throws IOException {
        if (directory != null) {
            Files.createDirectories(directory);
            for (int i = 0; i < pieces.size(); i++) {
                String name = String.format(Locale.ROOT, "%05d.safetensors", i);
                Files.copy(store.get(pieces.get(i)), directory.resolve(name));
            }
        }
    }
}
