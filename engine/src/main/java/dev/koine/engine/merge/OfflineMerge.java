package dev.koine.engine.merge;

import dev.koine.engine.Input;
import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.WorkPool;
import dev.koine.engine.checkpoint.ExpertFolder;
import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.file.TemporaryFolder;
import dev.koine.engine.linalg.Decomposition;
import dev.koine.engine.linalg.Grid;
import dev.koine.engine.merge.prune.Distance;
import dev.koine.engine.merge.prune.TensorPruner;
import dev.koine.engine.merge.prune.Unchanged;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.recipe.Scaling;
import dev.koine.engine.merge.total.Grids;
import dev.koine.engine.merge.total.Written;
import dev.koine.engine.merge.weighed.StatisticsCheck;
import dev.koine.engine.onnx.BundleWriter;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Merges experts that lie on this machine, without Kafka or Flink; the bytes are those that the job would announce. Where the merged
 * delta is a sum and the scale is known beforehand, goes tensor by tensor through base and experts at once: each is read once, and nothing
 * is kept in between. Else goes the job's way, with a scratch directory beside the result.
 */
public final class OfflineMerge {
    private final ModelBundle base;
    private final Recipe recipe;
    private final Decomposition decomposition;
    private final WorkPool pool;
    private final Progress progress;
    private final @Nullable MappedBase mapped;

    /** @param pool the threads to use */
    public OfflineMerge(
            ModelBundle base, Recipe recipe, Decomposition decomposition, WorkPool pool, Progress progress) {
        this(base, null, recipe, decomposition, pool, progress);
    }

    /**
     * Merges checkpoints and adapters, too.
     *
     * @param mapped the same base with its checkpoint; null if there is none
     * @param pool the threads to use
     */
    public OfflineMerge(
            ModelBundle base,
            @Nullable MappedBase mapped,
            Recipe recipe,
            Decomposition decomposition,
            WorkPool pool,
            Progress progress) {
        this.base = base;
        this.mapped = mapped;
        this.recipe = recipe;
        this.decomposition = decomposition;
        this.pool = pool;
        this.progress = progress;
    }

    /**
     * An expert on this machine.
     *
     * @param input what refusals call it
     * @param directory its bundle
     * @param factor of its task vector
     * @param taskVector where the files of its task vector are to be kept; null for nowhere
     * @param statistics the folder with the statistics of its language; null for none
     */
    public record Expert(
            Input input,
            Path directory,
            double factor,
            @Nullable Path taskVector,
            @Nullable Path statistics) {
        /** An expert whose task vector is not kept. */
        public Expert(Path directory, double factor) {
            this(new Input("The expert " + directory), directory, factor, null);
        }

        /** An expert without statistics. */
        public Expert(Input input, Path directory, double factor, @Nullable Path taskVector) {
            this(input, directory, factor, taskVector, null);
        }

        /** This with the statistics in a folder. */
        public Expert weighedBy(@Nullable Path folder) {
            return new Expert(input, directory, factor, taskVector, folder);
        }
    }

    /**
     * A language that no expert is for, and that others are not to change.
     *
     * @param input what refusals call it
     * @param statistics the folder with its statistics
     * @param factor of these
     */
    public record ProtectedLanguage(Input input, Path statistics, double factor) {}

    /**
     * Merges the experts into the base.
     *
     * @param target a directory for the merged bundle, which is empty or does not exist, and stays so if the merge fails
     * @return what became of the update
     * @throws RejectedException if base or an expert is refused, or an expert is {@link Unchanged}, or the recipe's scale is to be searched:
     *     there are no evaluation sets here
     */
    public Written merge(List<Expert> experts, Path target) throws RejectedException, IOException {
        return merge(experts, List.of(), target);
    }

    /** The same with languages that are protected, where the recipe's method weighs by statistics. */
    public Written merge(List<Expert> experts, List<ProtectedLanguage> languages, Path target)
            throws RejectedException, IOException {
        return merge(experts, languages, target, true);
    }

    /** {@link #merge} of experts that were taken in before: one that changes nothing counts, as it did then. */
    public Written mergeAgain(List<Expert> experts, List<ProtectedLanguage> languages, Path target)
            throws RejectedException, IOException {
        return merge(experts, languages, target, false);
    }

    private Written merge(List<Expert> experts, List<ProtectedLanguage> languages, Path target, boolean isNew)
            throws RejectedException, IOException {
        requireOffline(recipe);
        requireStatistics(experts, languages);
        List<Alignment> aligned = new ArrayList<>();
        for (Expert expert : experts) {
            aligned.add(expert.input()
                    .read(() -> isNew
                            ? align(base, mapped, expert, recipe, progress)
                            : ExpertFolder.open(expert.directory()).align(base, mapped)));
        }
        boolean existed = Files.exists(target);
        try {
            if (isDoneByTensor(experts)) {
                List<MergeItem> items = MergePlan.of(base, aligned, recipe);
                return write(items, experts, target);
            } else {
                return writeStaged(experts, aligned, languages, target);
            }
        } catch (RejectedException | IOException | RuntimeException | Error e) {
            clear(target, existed);
            throw e;
        }
    }

    private void requireStatistics(List<Expert> experts, List<ProtectedLanguage> languages)
            throws RejectedException, IOException {
        if (!recipe.method().isWeighed()) {
            if (!languages.isEmpty()) {
                throw new RejectedException(
                        RejectionCode.INVALID_EVENT,
                        "Languages can be protected where the method weighs by statistics, as REGMEAN does; this recipe's is "
                                + recipe.method().name() + ".");
            }
            return;
        }
        StatisticsCheck check = StatisticsCheck.of(
                base, Bundle.describeWithoutStrays(base.directory()).digest(), pool);
        for (Expert expert : experts) {
            @Nullable Path statistics = expert.statistics();
            if (statistics == null) {
                throw StatisticsCheck.missing().about(expert.input());
            }
            new Input("The statistics (" + statistics + ")").read(() -> check.require(statistics));
        }
        for (ProtectedLanguage language : languages) {
            new Input("The statistics (" + language.statistics() + ")")
                    .read(() -> check.require(language.statistics()));
        }
    }

    private boolean isDoneByTensor(List<Expert> experts) {
        Scaling scaling = recipe.scale().scaling();
        return recipe.method().isSum()
                && (scaling == Scaling.FIXED || scaling == Scaling.PER_EXPERT)
                && experts.stream().allMatch(expert -> expert.taskVector() == null);
    }

    private Written writeStaged(
            List<Expert> experts, List<Alignment> aligned, List<ProtectedLanguage> languages, Path target)
            throws RejectedException, IOException {
        Path absolute = target.toAbsolutePath();
        Path beside = Objects.requireNonNullElse(absolute.getParent(), absolute);
        try (TemporaryFolder scratch = TemporaryFolder.create(beside, ".koine-merge-")) {
            return new StagedMerge(base, recipe, decomposition, pool, progress)
                    .merge(experts, aligned, languages, scratch.path(), target);
        }
    }

    /**
     * Requires that a merge without evaluation sets can follow a recipe.
     *
     * @throws RejectedException if a setting is out of range, or the scale is to be searched
     */
    public static void requireOffline(Recipe recipe) throws RejectedException {
        recipe.validated();
        if (recipe.scale().scaling() == Scaling.SEARCH) {
            throw new RejectedException(
                    RejectionCode.INVALID_EVENT,
                    "The recipe's scale is " + recipe.scale()
                            + ", and there are no evaluation sets here to search it on; give a number, 1/n, norm or model-stock.");
        }
    }

    /**
     * Lays an expert that comes in over its base.
     *
     * @param mapped the same base with its checkpoint; null if there is none
     * @param progress hears if it is too far away to be a fine-tune of the base, or in a folder with several forms
     * @throws RejectedException as {@link ExpertFolder#align}, or if it is {@link Unchanged}
     */
    public static Alignment align(
            ModelBundle base, @Nullable MappedBase mapped, Expert expert, Recipe recipe, Progress progress)
            throws RejectedException, IOException {
        ExpertFolder folder = ExpertFolder.openWithoutStrays(expert.directory());
        Alignment alignment = folder.align(base, mapped);
        folder.taken().ifPresent(note -> progress.warn("Note: " + expert.input().name() + ": " + note));
        Unchanged.refuse(alignment, recipe);
        Distance.warning(alignment, recipe)
                .ifPresent(warning -> progress.warn("Warning: " + expert.input().name() + ": " + warning));
        return alignment;
    }

    private Written write(List<MergeItem> items, List<Expert> experts, Path directory)
            throws RejectedException, IOException {
        List<Weight> written = items.stream()
                .flatMap(item -> item.weights().stream())
                .distinct()
                .toList();
        try (BundleWriter writer = BundleWriter.create(base, directory, written)) {
            double scale = recipe.scale().of(experts.size());
            TensorPruner pruner = new TensorPruner(recipe, decomposition);
            TensorMerger merger = new TensorMerger(scale, experts, grids(items), pruner, writer);
            long total = items.stream().mapToLong(MergeItem::count).sum();
            AtomicLong done = new AtomicLong();
            List<WorkPool.Part<Written>> parts = new ArrayList<>();
            for (MergeItem item : items) {
                parts.add(() -> {
                    Written what = merger.merge(item);
                    progress.report("merging", done.addAndGet(item.count()), total);
                    return what;
                });
            }
            return pool.runAll(parts).stream().reduce(Written.NOTHING, Written::plus);
        }
    }

    /** Takes away what there is of the result; what cannot be deleted is not what the caller has to hear of. */
    private static void clear(Path target, boolean isKept) {
        try {
            if (isKept) {
                FileTree.clear(target);
            } else {
                FileTree.delete(target);
            }
        } catch (IOException e) {
            LoggerFactory.getLogger(OfflineMerge.class).warn("A part of a failed merge stays in {}", target, e);
        }
    }

    /** The grids of tensors that are merged in parts, by the key of their first weight. */
    private Map<String, Grid> grids(List<MergeItem> items) throws RejectedException, IOException {
        List<Weight> parted = items.stream()
                .filter(item -> !item.isWhole())
                .map(item -> item.weights().get(0))
                .distinct()
                .toList();
        List<Grid> grids = Grids.of(parted, pool);
        Map<String, Grid> byKey = new HashMap<>();
        for (int i = 0; i < parted.size(); i++) {
            byKey.put(parted.get(i).key(), grids.get(i));
        }
        return byKey;
    }
}
