package dev.koine.sim.check;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.merge.Member;
import dev.koine.engine.merge.RunningModel;
import dev.koine.engine.merge.TaskVector;
import dev.koine.engine.merge.prune.PrunePlan;
import dev.koine.engine.merge.prune.PruneTask;
import dev.koine.engine.merge.prune.TensorPruner;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.LocalStore;
import dev.koine.sim.script.Library;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What models merge to from scratch, in a store that nothing happens to. What was merged once is known from then on. */
public final class Reference {
    private final LocalStore store;
    private final Path work;
    private final Map<String, String> taskVectors = new HashMap<>();
    private final Map<String, String> merged = new HashMap<>();

    /** @param directory an empty one */
    public Reference(Path directory) throws IOException {
        store = LocalStore.open(directory.resolve("reference"), Runnable::run, new QuickDisk());
        work = Files.createDirectory(directory.resolve("work"));
    }

    /** The digest of an expert's task vector. */
    String taskVector(Bundle base, Bundle expert, Recipe recipe) throws IOException, RejectedException {
        String key = base.digest() + expert.digest() + recipe;
        if (!taskVectors.containsKey(key)) {
            List<String> pieces = new ArrayList<>();
            Alignment aligned = Alignment.of(ModelBundle.open(base.directory()), ModelBundle.open(expert.directory()));
            for (PruneTask task : PrunePlan.of(aligned.weights(), recipe, Library.TASK_ELEMENTS)) {
                pieces.add(new TensorPruner(recipe).prune(task, store));
            }
            taskVectors.put(key, new TaskVector(base.digest(), expert.digest(), pieces).put(store));
        }
        return taskVectors.get(key);
    }

    /**
     * The digest of a combination.
     *
     * @param terms digests of task vectors
     * @param factors one a term
     */
    String combined(List<String> terms, List<Double> factors) throws IOException {
        List<TaskVector.Term> all = new ArrayList<>();
        for (int i = 0; i < terms.size(); i++) {
            all.add(new TaskVector.Term(TaskVector.get(store, terms.get(i)), factors.get(i)));
        }
        return TaskVector.combined(all).put(store);
    }

    /**
     * The digest of a version.
     *
     * @throws RejectedException if these experts cannot be inside together
     */
    String version(Bundle base, Recipe recipe, List<Member> members) throws IOException, RejectedException {
        List<Member> sorted = members.stream()
                .sorted(Comparator.comparing(Member::taskVector).thenComparing(Member::factor))
                .toList();
        String key = base.digest() + recipe + sorted;
        if (!merged.containsKey(key)) {
            merged.put(key, merge(base, recipe, sorted));
        }
        return merged.get(key);
    }

    private String merge(Bundle base, Recipe recipe, List<Member> members) throws IOException, RejectedException {
        Path target = Files.createDirectory(work.resolve("merged"));
        try (RunningModel model =
                RunningModel.open(ModelBundle.open(base.directory()), recipe, store, work, WorkPool.inCaller())) {
            for (Member member : members) {
                model.add(member);
            }
            model.write(target, model.scales(), Progress.NONE);
            return Bundle.describe(target).digest();
        } finally {
            FileTree.delete(target);
        }
    }
}
