package dev.koine.lifecycle.intake;

import dev.koine.engine.Device;
import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.merge.total.Grids;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.lifecycle.event.Recipes;
import dev.koine.lifecycle.gate.GatePolicies;
import dev.koine.schemas.ModelRegistration;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.quarantine.Examiner;
import java.io.IOException;

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
     * Checks recipe, base and evaluation sets; everything that could be wrong with them is found here.
     *
     * @return the base's bundle in the store
     */
    Bundle take(ModelRegistration registration) throws RejectedException, IOException {
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
        return kept;
    }
}
