package dev.koine.bench.serving;

import com.sun.management.OperatingSystemMXBean;
import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.merge.ComputedModel;
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
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a version costs a service that computes it from what changed, beside fetching it whole: bytes that come, and seconds until the files are
 * verified and forced to disk. All take turns. "Next" adds one task vector to totals that are there, "retraction" takes it out again; "restart" opens totals that were
 * kept and adds one; "anew" adds up all task vectors; "two steps" does what "next" does as the job has to, which knows no scale before it has added.
 */
public final class PatchCost {
    private static final double SCALE = 0.2;

    private final Path work;
    private final WorkPool pool;
    private final LocalStore store;
    private final ModelBundle base;
    private final Bundle bundle;
    private final int inside;
    /** What is done, untimed, behind a subject of this name. */
    private final Map<String, Work> toBefore = new HashMap<>();

    private PatchCost(Path models, Path work, WorkPool pool, int inside) throws RejectedException, IOException {
        this.work = work;
        this.pool = pool;
        this.inside = inside;
        store = LocalStore.open(work.resolve("store"), pool.executor());
        base = ModelBundle.open(models.resolve("base"));
        bundle = store.<IOException>putBundle(target -> copy(base, target));
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

    /** Seconds that passed, and those of processors that this process took. */
    private record Time(double seconds, double processor) {}

    private record Subject(String name, long bytes, Work work, List<Time> times) {
        /** Others use the machine, too. */
        Time best() {
            return Collections.min(times, Comparator.comparingDouble(Time::seconds));
        }

        double leastProcessor() {
            return times.stream().mapToDouble(Time::processor).min().orElseThrow();
        }
    }

    private void measure(Path expert, int rounds) throws Exception {
        List<Subject> subjects = new ArrayList<>();
        subjects.add(new Subject("plain copy", bundle.bytes(), this::copy, new ArrayList<>()));
        subjects.add(new Subject("fetched whole", bundle.bytes(), this::fetch, new ArrayList<>()));
        List<AutoCloseable> open = new ArrayList<>();
        for (Precision precision : List.of(Precision.FLOAT16, Precision.INT8)) {
            Recipe recipe = Recipe.DEFAULT.with(precision);
            List<Member> members = members(recipe, expert);
            List<Member> before = members.subList(0, inside - 1);
            long bytes =
                    Patch.of(members.get(0).taskVector(), store).orElseThrow().bytes();
            Path totals = Files.createDirectories(work.resolve("totals-" + precision));
            ComputedModel model = ComputedModel.open(bundle.digest(), recipe, store, totals, pool);
            open.add(model);
            add(subjects, "next, " + precision, bytes, target -> model.write(members, SCALE, target));
            add(subjects, "retraction, " + precision, 0, target -> model.write(before, SCALE, target));
            Path kept = Files.createDirectories(work.resolve("kept-" + precision));
            time(target -> compute(recipe, kept, before, target));
            add(subjects, "restart, " + precision, bytes, target -> compute(recipe, kept, members, target));
            toBefore.put("restart, " + precision, target -> compute(recipe, kept, before, target));
            Path empty = Files.createDirectories(work.resolve("empty-" + precision));
            add(subjects, "anew, " + precision, bytes, target -> {
                FileTree.clear(empty);
                compute(recipe, empty, members, target);
            });
            if (precision == Precision.FLOAT16) {
                RunningModel running = RunningModel.restore(base, recipe, store, work, pool, before);
                open.add(running);
                Member next = members.get(inside - 1);
                add(subjects, "two steps, " + precision, bytes, target -> twoSteps(running, next, target));
                toBefore.put("two steps, " + precision, target -> running.subtract(next));
            }
        }
        for (int round = -1; round < rounds; round++) {
            for (Subject subject : subjects) {
                Time time = time(subject.work());
                if (toBefore.containsKey(subject.name())) {
                    time(toBefore.get(subject.name()));
                }
                if (round >= 0) {
                    subject.times().add(time);
                }
            }
        }
        report(subjects);
        for (AutoCloseable model : open) {
            model.close();
        }
    }

    private static void add(List<Subject> subjects, String name, long bytes, Work work) {
        subjects.add(new Subject(name, bytes, work, new ArrayList<>()));
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
        copy(base, target);
    }

    private static void copy(ModelBundle base, Path target) throws IOException {
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

    private void compute(Recipe recipe, Path totals, List<Member> members, Path target)
            throws RejectedException, IOException {
        try (ComputedModel model = ComputedModel.open(bundle.digest(), recipe, store, totals, pool)) {
            model.write(members, SCALE, target);
        }
    }

    private static void twoSteps(RunningModel model, Member next, Path target) throws RejectedException, IOException {
        model.add(next);
        model.write(target, Scales.fixed(SCALE), Progress.NONE);
        Bundle.describe(target);
        for (Path file : FileTree.files(target)) {
            FileTree.force(file);
        }
    }

    private Time time(Work what) throws RejectedException, IOException {
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        Path target = Files.createTempDirectory(work, "version");
        long processor = system.getProcessCpuTime();
        long begun = System.nanoTime();
        what.into(target);
        Time time = new Time((System.nanoTime() - begun) / 1e9, (system.getProcessCpuTime() - processor) / 1e9);
        FileTree.delete(target);
        return time;
    }

    private void report(List<Subject> subjects) {
        double copied = subjects.get(0).best().seconds();
        double half = bundle.bytes() / 2.0;
        System.out.println(
                "| version | MB that come | % of the float16 model | best, s | of the plain copy | processor s | all rounds, s |");
        System.out.println("|---|---|---|---|---|---|---|");
        for (Subject subject : subjects) {
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %.1f | %.1f | %.2f | %.2f | %.2f | %s |%n",
                    subject.name(),
                    subject.bytes() / 1e6,
                    100 * subject.bytes() / half,
                    subject.best().seconds(),
                    subject.best().seconds() / copied,
                    subject.leastProcessor(),
                    Arrays.toString(subject.times().stream()
                            .map(time -> Math.round(100 * time.seconds()) / 100.0)
                            .toArray()));
        }
    }
}
