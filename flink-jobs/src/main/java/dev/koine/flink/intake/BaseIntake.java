package dev.koine.flink.intake;

import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.merge.total.Grids;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleSource;
import dev.koine.engine.store.BundleVerifier;
import dev.koine.flink.events.Recipes;
import dev.koine.flink.gate.GatePolicies;
import dev.koine.flink.input.InputFiles;
import dev.koine.objectstore.ObjectBundles;
import dev.koine.schemas.ModelRegistration;
import dev.koine.subscriber.events.Bundles;
import dev.koine.subscriber.onnx.ExecutionProvider;
import dev.koine.subscriber.onnx.OnnxOptions;
import dev.koine.subscriber.quarantine.Quarantine;
import java.io.IOException;
import java.util.List;

/** Takes a base model in: checks it, and copies it to the store, so that nobody can change it under the job's feet. */
final class BaseIntake {
    private static final OnnxOptions LOADS = new OnnxOptions(1, ExecutionProvider.CPU);

    private final AllowedPlaces places;
    private final BundleSource bundles = new ObjectBundles();
    private final ArtifactStore store;
    private final WorkPool pool;
    private final Quarantine quarantine;
    private final EvaluationIntake evaluation;

    /**
     * @param quarantine where the base is loaded and asked
     * @param evaluation takes the evaluation sets in
     */
    BaseIntake(
            AllowedPlaces places,
            ArtifactStore store,
            WorkPool pool,
            Quarantine quarantine,
            EvaluationIntake evaluation) {
        this.places = places;
        this.store = store;
        this.pool = pool;
        this.quarantine = quarantine;
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
        Bundle bundle = Bundles.fromAvro(registration.getBase());
        Bundle found = places.require(bundle);
        Bundle kept = InputFiles.read(
                found.isLocal() ? List.of(found.directory()) : List.of(),
                () -> store.<RejectedException>putBundle(copy -> {
                    BundleVerifier.copyVerified(found, bundles, copy);
                    ModelBundle model = ModelBundle.open(copy);
                    model.requireFloat("base");
                    model.requireFetched();
                    Grids.of(model.weights(), pool);
                    quarantine.ask(copy, LOADS).requireAny();
                }));
        evaluation.take(registration, store.bundle(kept.digest()));
        return kept;
    }
}
