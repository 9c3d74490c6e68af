package dev.koine.bench.serving;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.merge.Member;
import dev.koine.engine.merge.Patch;
import dev.koine.engine.merge.RunningModel;
import dev.koine.engine.merge.Scales;
import dev.koine.engine.merge.TaskVector;
import dev.koine.engine.merge.prune.PrunePlan;
import dev.koine.engine.merge.prune.PruneTask;
import dev.koine.engine.merge.prune.TensorPruner;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleSource;
import dev.koine.engine.store.BundleVerifier;
import dev.koine.engine.store.LocalStore;
import dev.koine.engine.taskvector.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What a version costs a service that computes it from what changed, beside fetching it whole: bytes that come, and seconds until the files are
 * verified and forced to disk. All take turns. "Next" adds one task vector to totals that are there; "restart" makes the totals anew.
 */
public final class PatchCost {
    private static final double SCALE = 0.2;

    private final Path work;
    private final WorkPool pool;
    private final LocalStore store;
    private final ModelBundle base;
    private final Bundle bundle;
    private final int inside;

    private PatchCost(Path models, Path work, WorkPool pool, int inside) throws RejectedException, IOException {
        this.work = work;
        this.pool = pool;
        this.inside = inside;
        store = LocalStore.open(work.resolve("store"), pool.executor());
        base = ModelBundle.open(models.resolve("base"));
        bundle = Bundle.describe(models.resolve("base"));
    }

    /** Arguments: folder with {@code base} and {@code expert}, empty folder to work in, threads, rounds, experts inside. Prints Markdown. */
    public static void main(String[] arguments) throws Exception {
        Path models = Path.of(arguments[0]).toRealPath();
        try (WorkPool pool = new WorkPool(Integer.parseInt(arguments[2]))) {
            new PatchCost(models, Path.of(arguments[1]).toRealPath(), pool, Integer.parseInt(arguments[4]))
                    .measure(models.resolve("expert"), Integer.parseInt(arguments[3]));
        }
    }

    @FunctionalInterface
    private interface Work {
        void into(Path target) throws RejectedException, IOException;
    }

    private record Subject(String name, long bytes, Work work, List<Double> seconds) {
        double median() {
            return seconds.stream().sorted().toList().get(seconds.size() / 2);
        }
    }

    private void measure(Path expert, int rounds) throws RejectedException, IOException {
        List<Subject> subjects = new ArrayList<>();
        subjects.add(new Subject("plain copy", bundle.bytes(), this::copy, new ArrayList<>()));
        subjects.add(new Subject("fetched whole", bundle.bytes(), this::fetch, new ArrayList<>()));
        List<RunningModel> open = new ArrayList<>();
        for (Precision precision : List.of(Precision.FLOAT16, Precision.INT8)) {
            Recipe recipe = Recipe.DEFAULT.with(precision);
            List<Member> members = members(recipe, expert);
            long bytes =
                    Patch.of(members.get(0).taskVector(), store).orElseThrow().bytes();
            Member next = members.get(inside - 1);
            List<Member> before = members.subList(0, inside - 1);
            RunningModel model = RunningModel.restore(base, recipe, store, work, pool, before);
            open.add(model);
            subjects.add(
                    new Subject("next, " + precision, bytes, target -> next(model, next, target), new ArrayList<>()));
            subjects.add(new Subject(
                    "restart, " + precision, bytes, target -> restart(recipe, members, target), new ArrayList<>()));
        }
        for (int round = -1; round < rounds; round++) {
            for (Subject subject : subjects) {
                double seconds = time(subject.work());
                if (round >= 0) {
                    subject.seconds().add(seconds);
                }
            }
        }
        report(subjects);
        for (RunningModel model : open) {
            model.close();
        }
    }

    /** The same pieces under different weights, as many as are inside. */
    private List<Member> members(Recipe recipe, Path expert) throws RejectedException, IOException {
        TensorPruner pruner = new TensorPruner(recipe);
        List<WorkPool.Part<String>> parts = new ArrayList<>();
        for (PruneTask task :
                PrunePlan.of(Alignment.of(base, ModelBundle.open(expert)).weights(), recipe)) {
            parts.add(() -> pruner.prune(task, store));
        }
        String vector = new TaskVector(bundle.digest(), "", pool.runAll(parts)).put(store);
        List<Member> members = new ArrayList<>();
        for (int i = 0; i < inside; i++) {
            members.add(new Member(vector, 0.5 + i * 0.01));
        }
        return members;
    }

    private void copy(Path target) throws IOException {
        for (Path file : FileTree.files(base.directory())) {
            Path to = target.resolve(base.directory().relativize(file));
            Files.createDirectories(to.getParent());
            Files.copy(file, to);
            FileTree.force(to);
        }
    }

    private void fetch(Path target) throws RejectedException, IOException {
        BundleVerifier.copyVerified(bundle, BundleSource.LOCAL, target);
    }

    private static void next(RunningModel model, Member next, Path target) throws RejectedException, IOException {
        model.add(next);
        write(model, target);
        model.subtract(next);
    }

    private void restart(Recipe recipe, List<Member> members, Path target) throws RejectedException, IOException {
        try (RunningModel model = RunningModel.restore(base, recipe, store, work, pool, members)) {
            write(model, target);
        }
    }

    private static void write(RunningModel model, Path target) throws RejectedException, IOException {
        model.write(target, Scales.fixed(SCALE), Progress.NONE);
        Bundle.describe(target);
        for (Path file : FileTree.files(target)) {
            FileTree.force(file);
        }
    }

    private double time(Work what) throws RejectedException, IOException {
        Path target = Files.createTempDirectory(work, "version");
        long begun = System.nanoTime();
        what.into(target);
        double seconds = (System.nanoTime() - begun) / 1e9;
        FileTree.delete(target);
        return seconds;
    }

    private void report(List<Subject> subjects) {
        double copied = subjects.get(0).median();
        double half = bundle.bytes() / 2.0;
        System.out.println(
                "| version | MB that come | % of the float16 model | s | of the plain copy | all rounds, s |");
        System.out.println("|---|---|---|---|---|---|");
        for (Subject subject : subjects) {
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %.1f | %.1f | %.2f | %.2f | %s |%n",
                    subject.name(),
                    subject.bytes() / 1e6,
                    100 * subject.bytes() / half,
                    subject.median(),
                    subject.median() / copied,
                    Arrays.toString(subject.seconds().stream()
                            .map(seconds -> Math.round(100 * seconds) / 100.0)
                            .toArray()));
        }
    }
}
