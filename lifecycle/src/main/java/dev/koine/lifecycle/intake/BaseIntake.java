package dev.koine.lifecycle.intake;

import dev.koine.engine.Device;
import dev.koine.engine.Input;
import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.merge.total.Grids;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.events.Recipes;
import dev.koine.lifecycle.gate.GatePolicies;
import dev.koine.lifecycle.input.StoredBundles;
import dev.koine.lifecycle.input.WeightMaps;
import dev.koine.schemas.ModelRegistration;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.quarantine.Examiner;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Takes a base model in: checks it, and copies it to the store, so that nobody can change it under the job's feet. */
public final class BaseIntake {
    private static final OnnxOptions LOADS = new OnnxOptions(1, Device.CPU);

    private final BundleIntake bundles;
    private final ArtifactStore store;
    private final WorkPool pool;
    private final Examiner examiner;
    private final EvaluationIntake evaluation;

    /**
     * @param examiner loads the base and asks it
     * @param evaluation takes the evaluation sets in
     */
    public BaseIntake(
            BundleIntake bundles, ArtifactStore store, WorkPool pool, Examiner examiner, EvaluationIntake evaluation) {
        this.bundles = bundles;
        this.store = store;
        this.pool = pool;
        this.examiner = examiner;
        this.evaluation = evaluation;
    }

    /**
     * What was taken in.
     *
     * @param checkpoint null where the registration has none
     */
    record Taken(Bundle base, @Nullable Bundle checkpoint) {}

    /**
     * Checks recipe, base, checkpoint and evaluation sets; everything that could be wrong with them is found here.
     *
     * @return the bundles in the store
     */
    Taken take(ModelRegistration registration) throws RejectedException, IOException {
        Recipes.fromAvro(registration.getRecipe());
        GatePolicies.of(registration);
        Bundle kept = bundles.take(registration.getBase(), (copy, digest) -> {
            ModelBundle model = ModelBundle.open(copy);
            model.requireFloat("base");
            model.requireFetched();
            Grids.of(model.weights(), pool);
            examiner.ask(copy, LOADS).requireAny();
        });
        evaluation.take(registration, store.bundle(kept.digest()));
        dev.koine.schemas.@Nullable Bundle checkpoint = registration.getCheckpoint();
        return new Taken(kept, checkpoint == null ? null : checkpoint(checkpoint, kept.digest()));
    }

    private Bundle checkpoint(dev.koine.schemas.Bundle announced, String base) throws RejectedException, IOException {
        ModelBundle model = StoredBundles.open(store, base);
        return new Input("The checkpoint (" + announced.getUri() + ")")
                .read(() -> bundles.take(
                        announced, (copy, digest) -> new WeightMaps(store).make(model, base, copy, digest, pool)));
    }
}
