package dev.koine.subscriber;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.merge.Member;
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
import dev.koine.engine.store.LocalStore;
import dev.koine.engine.taskvector.Precision;
import dev.koine.events.Bundles;
import dev.koine.events.Recipes;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Patch;
import dev.koine.testkit.TinyModel;
import dev.koine.testkit.Updates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Versions of a tiny model as the merge job makes and announces them, in a store of its own. Its bundles have a side file, so that task vectors are smaller. */
final class MergedLine {
    private static final Recipe RECIPE = new Recipe(2, 0.3, 0.4, Precision.FLOAT16, List.of());
    private static final int SIDE_FILE_BYTES = 200_000;

    final Path store;
    private final Path directory;
    private final LocalStore artifacts;
    private final Bundle base;
    private final ModelBundle model;

    MergedLine(Path directory) throws IOException, RejectedException {
        this.directory = directory;
        store = directory.resolve("store");
        artifacts = LocalStore.open(store);
        base = artifacts.putBundle(target -> {
            TinyModel.base(target);
            Files.write(target.resolve("tokenizer.json"), new byte[SIDE_FILE_BYTES]);
        });
        model = ModelBundle.open(artifacts.bundle(base.digest()));
    }

    ModelUpdate base() {
        return update(0, base, List.of());
    }

    /** An expert of this seed. */
    MergedExpert expert(long seed, double factor) throws Exception {
        Path folder = TinyModel.expert(directory.resolve("expert-" + seed), seed);
        Alignment alignment = Alignment.of(model, ModelBundle.open(folder));
        List<String> pieces = new ArrayList<>();
        for (PruneTask task : PrunePlan.of(alignment.weights(), RECIPE)) {
            pieces.add(new TensorPruner(RECIPE, Lanczos::truncate).prune(task, artifacts));
        }
        return expert("e" + seed, factor, new TaskVector(base.digest(), "", pieces).put(artifacts));
    }

    private MergedExpert expert(String id, double factor, String taskVector) throws IOException {
        dev.koine.engine.merge.Patch patch =
                dev.koine.engine.merge.Patch.of(taskVector, artifacts).orElseThrow();
        return MergedExpert.newBuilder()
                .setExpertId(id)
                .setRevision(1)
                .setLanguages(List.of("de"))
                .setTasks(List.of("TRANSCRIBE"))
                .setWeight(factor)
                .setBundleDigest("")
                .setTaskVectorDigest(taskVector)
                .setPatch(new Patch(Bundles.toAvro(patch.put(artifacts)), patch.bytes()))
                .build();
    }

    /** The version with these experts inside. */
    ModelUpdate version(long number, MergedExpert... experts) throws Exception {
        List<Member> members = List.of(experts).stream()
                .map(expert -> new Member(expert.getTaskVectorDigest(), expert.getWeight()))
                .toList();
        Path scratch = Files.createDirectories(directory.resolve("scratch"));
        try (WorkPool pool = WorkPool.inCaller();
                RunningModel running = RunningModel.restore(model, RECIPE, artifacts, scratch, pool, members)) {
            Bundle bundle = artifacts.<RejectedException>putBundle(
                    target -> running.write(target, Scales.fixed(0.4), Progress.NONE));
            return update(number, bundle, List.of(experts));
        }
    }

    private ModelUpdate update(long number, Bundle bundle, List<MergedExpert> experts) {
        ModelUpdate update = Updates.of("m", number, bundle.digest(), Bundles.toAvro(bundle));
        update.setExperts(experts);
        update.setRecipe(Recipes.toAvro(RECIPE));
        update.setScale(0.4);
        if (number > 0) {
            update.setBase(Bundles.toAvro(base));
        }
        return update;
    }
}
