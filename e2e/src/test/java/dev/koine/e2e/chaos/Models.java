package dev.koine.e2e.chaos;

import dev.koine.engine.Progress;
import dev.koine.engine.WorkPool;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.merge.OfflineMerge;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.Bundle;
import dev.koine.testkit.Fixtures;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** What the digests of merged models have to be, by merging them without Kafka, Flink and store. For one thread. */
final class Models implements AutoCloseable {
    private final Path work;
    private final WorkPool pool = new WorkPool(2);
    private final Map<Set<Path>, String> digests = new HashMap<>();

    /** @param work an empty directory */
    Models(Path work) {
        this.work = work;
    }

    /** The digest of the base with these experts inside, each with weight 1. */
    String digest(Map<String, Path> inside) throws Exception {
        Set<Path> experts = Set.copyOf(inside.values());
        if (!digests.containsKey(experts)) {
            digests.put(experts, merge(experts));
        }
        return digests.get(experts);
    }

    private String merge(Set<Path> experts) throws Exception {
        if (experts.isEmpty()) {
            return Bundle.describe(Fixtures.ctc("base")).digest();
        }
        Path target = work.resolve("merged");
        List<OfflineMerge.Expert> all = new TreeSet<>(experts)
                .stream().map(expert -> new OfflineMerge.Expert(expert, 1)).toList();
        new OfflineMerge(
                        ModelBundle.open(Fixtures.ctc("base")),
                        Recipe.PUBLISHED,
                        Lanczos::truncate,
                        pool,
                        Progress.NONE)
                .merge(all, target);
        String digest = Bundle.describe(target).digest();
        FileTree.delete(target);
        return digest;
    }

    @Override
    public void close() {
        pool.close();
    }
}
