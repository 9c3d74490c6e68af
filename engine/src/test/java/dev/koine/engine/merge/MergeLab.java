package dev.koine.engine.merge;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.merge.prune.PrunePlan;
import dev.koine.engine.merge.prune.PruneTask;
import dev.koine.engine.merge.prune.TensorPruner;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.Protos;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.LocalStore;
import dev.koine.engine.tensor.TensorReader;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** A base, a store and a place for files, all of which are gone at the end. */
final class MergeLab implements AutoCloseable {
    final Path directory;
    final Path basePlace;
    final ModelBundle base;
    final String baseDigest;
    final Recipe recipe;
    final LocalStore store;
    final WorkPool pool;

    MergeLab(TestModel base, Recipe recipe) throws Exception {
        this(base, recipe, 2);
    }

    MergeLab(TestModel base, Recipe recipe, int threads) throws Exception {
        this(Files.createTempDirectory("koine-merge"), base, recipe, threads);
    }

    private MergeLab(Path directory, TestModel base, Recipe recipe, int threads) throws Exception {
        this(directory, base.write(directory.resolve("base")), recipe, threads);
    }

    MergeLab(Path base, Recipe recipe, int threads) throws Exception {
        this(Files.createTempDirectory("koine-merge"), base, recipe, threads);
    }

    private MergeLab(Path directory, Path base, Recipe recipe, int threads) throws Exception {
        this.directory = directory;
        this.basePlace = base;
        this.base = ModelBundle.open(base);
        this.baseDigest = Bundle.describe(base).digest();
        this.recipe = recipe;
        this.store = LocalStore.open(directory.resolve("store"));
        this.pool = new WorkPool(threads);
    }

    OfflineMerge offline() {
        return new OfflineMerge(base, recipe, Lanczos::truncate, pool, Progress.NONE);
    }

    /** Writes an expert's bundle into a directory of its own. */
    Path write(TestModel expert) throws IOException {
        return expert.write(Files.createTempDirectory(directory, "expert"));
    }

    Member prune(Path expert, double weight) throws RejectedException, IOException {
        List<String> pieces = new ArrayList<>();
        for (PruneTask task :
                PrunePlan.of(Alignment.of(base, ModelBundle.open(expert)).weights(), recipe)) {
            pieces.add(new TensorPruner(recipe).prune(task, store));
        }
        String expertDigest = Bundle.describe(expert).digest();
        return new Member(
                new TaskVector(baseDigest, expertDigest, pieces)
                        .weighedBy(statistics(expert))
                        .put(store),
                weight);
    }

    /** Digest of an expert's statistics, which are drawn by its digest; null where the recipe asks for none. */
    @Nullable
    String statistics(Path expert) throws RejectedException, IOException {
        return recipe.method().isWeighed() ? RandomStatistics.put(store, base, baseDigest, seed(expert)) : null;
    }

    /** An expert for {@link #merge}, with the same statistics. */
    OfflineMerge.Expert expert(Path expert, double weight) throws RejectedException, IOException {
        Path folder = Files.createTempDirectory(directory, "statistics");
        return new OfflineMerge.Expert(expert, weight)
                .weighedBy(
                        recipe.method().isWeighed()
                                ? RandomStatistics.write(folder, base, baseDigest, seed(expert))
                                : null);
    }

    private static Random seed(Path expert) throws RejectedException, IOException {
        return new Random(Bundle.describe(expert).digest().hashCode());
    }

    /** A language that is protected by statistics of its own. */
    Member protect(long seed, double weight) throws RejectedException, IOException {
        String statistics = RandomStatistics.put(store, base, baseDigest, new Random(seed));
        return new Member(
                new TaskVector(baseDigest, "", List.of()).weighedBy(statistics).put(store), weight);
    }

    RunningModel open() throws RejectedException, IOException {
        return RunningModel.open(base, recipe, store, directory, pool);
    }

    /** The digest of the version that the model stands at. */
    String digest(RunningModel model) throws RejectedException, IOException {
        return store.<RejectedException>putBundle(target -> model.write(target, model.scales(), Progress.NONE))
                .digest();
    }

    /** Merges offline into a directory of its own. */
    Path merge(List<OfflineMerge.Expert> experts) throws RejectedException, IOException {
        Path target = Files.createTempDirectory(directory, "merged");
        offline().merge(experts, target);
        return target;
    }

    /** All weights of a bundle by key. */
    /** The values of one weight; there must be such a one. */
    static float[] weight(Map<String, float[]> values, String key) {
        return Objects.requireNonNull(values.get(key), key);
    }

    static Map<String, float[]> values(Path bundle) throws RejectedException, IOException {
        Map<String, float[]> values = new LinkedHashMap<>();
        for (Weight weight : ModelBundle.open(bundle).weights()) {
            try (TensorReader reader = TensorReader.open(weight.tensor())) {
                float[] elements = new float[(int) reader.numel()];
                reader.read(0, elements, 0, elements.length);
                values.put(weight.key(), elements);
            }
        }
        return values;
    }

    @Override
    public void close() throws IOException {
        pool.close();
        Protos.delete(directory);
    }
}
