package dev.koine.bench.form;

import dev.koine.engine.WorkPool;
import dev.koine.engine.checkpoint.ExpertFolder;
import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.merge.prune.PrunePlan;
import dev.koine.engine.merge.prune.PruneTask;
import dev.koine.engine.merge.prune.TensorPruner;
import dev.koine.engine.merge.prune.Unchanged;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.LocalStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What intake and pruning take of experts in several forms, with the job's default recipe: laying the expert over its base, and pruning it into
 * a store. In turn, in one process; copying and hashing, which a job does too, go by the bytes of the folder.
 */
public final class FormCost {
    private final ModelBundle base;
    private final MappedBase mapped;
    private final WorkPool pool;
    private final List<Form> forms = new ArrayList<>();

    private FormCost(ModelBundle base, MappedBase mapped, WorkPool pool) {
        this.base = base;
        this.mapped = mapped;
        this.pool = pool;
    }

    /** An expert, with the seconds of its rounds and the bytes of its task vector. */
    private record Form(Path folder, List<Double> aligning, List<Double> pruning, List<Long> kept) {}

    /** Arguments: folders of the base and its checkpoint, rounds, folders of experts, to the first of which others are compared. Prints Markdown. */
    public static void main(String[] arguments) throws Exception {
        try (WorkPool pool = new WorkPool(2)) {
            ModelBundle base = ModelBundle.open(Path.of(arguments[0]));
            long begun = System.nanoTime();
            MappedBase mapped = MappedBase.map(base, ExpertFolder.open(Path.of(arguments[1])), pool);
            System.out.printf(
                    Locale.ROOT,
                    "The map, once a base: %.2f s, %d weights.%n%n",
                    (System.nanoTime() - begun) / 1e9,
                    mapped.map().weights().size());
            FormCost cost = new FormCost(base, mapped, pool);
            for (int i = 3; i < arguments.length; i++) {
                cost.forms.add(
                        new Form(Path.of(arguments[i]), new ArrayList<>(), new ArrayList<>(), new ArrayList<>()));
            }
            int rounds = Integer.parseInt(arguments[2]);
            for (int round = -1; round < rounds; round++) {
                for (Form form : cost.forms) {
                    cost.measure(form, round >= 0);
                }
            }
            cost.print();
        }
    }

    private void measure(Form form, boolean isTimed) throws Exception {
        Path scratch = Files.createTempDirectory("koine-form");
        try {
            LocalStore store = LocalStore.open(scratch);
            long begun = System.nanoTime();
            Alignment aligned = ExpertFolder.open(form.folder()).align(base, mapped);
            Unchanged.refuse(aligned, Recipe.DEFAULT);
            long alignedAt = System.nanoTime();
            TensorPruner pruner = new TensorPruner(Recipe.DEFAULT);
            List<WorkPool.Part<String>> parts = new ArrayList<>();
            for (PruneTask task : PrunePlan.of(aligned.weights(), Recipe.DEFAULT)) {
                parts.add(() -> pruner.prune(task, store));
            }
            long bytes = 0;
            for (String piece : pool.runAll(parts)) {
                bytes += Files.size(store.get(piece));
            }
            if (isTimed) {
                form.aligning().add((alignedAt - begun) / 1e9);
                form.pruning().add((System.nanoTime() - alignedAt) / 1e9);
                form.kept().add(bytes);
            }
        } finally {
            FileTree.delete(scratch);
        }
    }

    private void print() throws Exception {
        System.out.println("| expert | form | bytes | task vector | aligning s | pruning s | both, of the first |");
        System.out.println("|---|---|---|---|---|---|---|");
        Form first = forms.get(0);
        for (Form form : forms) {
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %s | %,d | %,d | %.2f | %.2f | %.3f |%n",
                    form.folder().getFileName(),
                    ExpertFolder.open(form.folder()).forms().get(0).words(),
                    Bundle.listWithoutStrays(form.folder()).bytes(),
                    form.kept().get(0),
                    median(form.aligning()),
                    median(form.pruning()),
                    both(form) / both(first));
        }
    }

    private static double both(Form form) {
        return median(form.aligning()) + median(form.pruning());
    }

    private static double median(List<Double> samples) {
        return samples.stream().sorted().toList().get(samples.size() / 2);
    }
}
