package dev.koine.bench.job;

import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
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
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What one event costs Head, by the number of experts inside: the totals are changed, the version is written, forced to disk, hashed
 * and kept in a store. Pruning is not in it. The models with 2, 10, 50 and 100 experts take turns, so that whatever else this machine
 * does hits all of them alike.
 *
 * <p>The experts are one task vector under different weights: to the totals, as much work as different ones.
 */
public final class EventCost {
    private static final int[] INSIDE = {2, 10, 50, 100};
    private static final double WEIGHT = 0.01;

    private final LocalStore store;
    private final ModelBundle base;
    private final Path work;
    private final WorkPool pool;
    private final String baseDigest;

    private EventCost(LocalStore store, ModelBundle base, String baseDigest, Path work, WorkPool pool) {
        this.store = store;
        this.base = base;
        this.baseDigest = baseDigest;
        this.work = work;
        this.pool = pool;
    }

    /** Arguments: folder with {@code base} and {@code expert}, empty folder to work in, threads, rounds. Prints Markdown. */
    public static void main(String[] arguments) throws Exception {
        Path models = Path.of(arguments[0]).toRealPath();
        Path work = Path.of(arguments[1]).toRealPath();
        try (WorkPool pool = new WorkPool(Integer.parseInt(arguments[2]))) {
            String digest = Bundle.describe(models.resolve("base")).digest();
            EventCost cost = new EventCost(
                    LocalStore.open(work.resolve("store"), pool.executor()),
                    ModelBundle.open(models.resolve("base")),
                    digest,
                    work,
                    pool);
            cost.measure(cost.prune(models.resolve("expert")), Integer.parseInt(arguments[3]));
        }
    }

    private String prune(Path expert) throws RejectedException, IOException {
        List<PruneTask> tasks =
                PrunePlan.of(Alignment.of(base, ModelBundle.open(expert)).weights(), Recipe.PUBLISHED);
        TensorPruner pruner = new TensorPruner(Recipe.PUBLISHED);
        List<WorkPool.Part<String>> parts = new ArrayList<>();
        for (PruneTask task : tasks) {
            parts.add(() -> pruner.prune(task, store));
        }
        return new TaskVector(baseDigest, Bundle.describe(expert).digest(), pool.runAll(parts)).put(store);
    }

    private void measure(String taskVector, int rounds) throws RejectedException, IOException {
        List<Subject> subjects = new ArrayList<>();
        for (int inside : INSIDE) {
            List<Member> members = new ArrayList<>();
            for (int i = 0; i < inside; i++) {
                members.add(new Member(taskVector, WEIGHT * (i + 1) / inside));
            }
            subjects.add(new Subject(
                    members,
                    RunningModel.restore(base, Recipe.PUBLISHED, store, work, pool, members),
                    new ArrayList<>(),
                    new ArrayList<>()));
        }
        Member next = new Member(taskVector, -WEIGHT);
        for (int round = -1; round < rounds; round++) {
            for (Subject subject : subjects) {
                Member any = subject.members().get(subject.members().size() / 2);
                Sample add = Sample.of(() -> subject.model().add(next), subject.model(), store);
                Sample retract = Sample.of(() -> subject.model().subtract(any), subject.model(), store);
                subject.model().add(any);
                subject.model().subtract(next);
                if (round >= 0) {
                    subject.adds().add(add);
                    subject.retracts().add(retract);
                }
            }
        }
        report(subjects);
        for (Subject subject : subjects) {
            subject.model().close();
        }
    }

    private record Subject(List<Member> members, RunningModel model, List<Sample> adds, List<Sample> retracts) {}

    private static void report(List<Subject> subjects) {
        System.out.println("| experts inside | add s | of 2 | add cpu s | retract s | of 2 | retract cpu s |");
        System.out.println("|---|---|---|---|---|---|---|");
        Sample add = Sample.median(subjects.get(0).adds());
        Sample retract = Sample.median(subjects.get(0).retracts());
        for (Subject subject : subjects) {
            Sample a = Sample.median(subject.adds());
            Sample r = Sample.median(subject.retracts());
            System.out.printf(
                    Locale.ROOT,
                    "| %d | %.3f | %.2f | %.3f | %.3f | %.2f | %.3f |%n",
                    subject.members().size(),
                    a.wall(),
                    a.wall() / add.wall(),
                    a.cpu(),
                    r.wall(),
                    r.wall() / retract.wall(),
                    r.cpu());
        }
    }
}
