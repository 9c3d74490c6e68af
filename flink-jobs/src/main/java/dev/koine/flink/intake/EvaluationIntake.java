package dev.koine.flink.intake;

import dev.koine.engine.Input;
import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleSource;
import dev.koine.engine.store.BundleVerifier;
import dev.koine.events.Bundles;
import dev.koine.flink.gate.GatePolicies;
import dev.koine.flink.input.InputFiles;
import dev.koine.objectstore.ObjectBundles;
import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.ModelRegistration;
import dev.koine.speech.evaluation.EvaluationResult;
import dev.koine.speech.evaluation.EvaluationSet;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.quarantine.Quarantine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Takes the evaluation sets of a model in: copies them to the store, and tries the base on one utterance of each language and task, so
 * that what cannot be evaluated is refused here and not at the first expert's turn.
 */
final class EvaluationIntake {
    /** Most languages and tasks: each has a place in every update. */
    private static final int MOST_SCORES = 200;

    private final AllowedPlaces places;
    private final BundleSource bundles = new ObjectBundles();
    private final ArtifactStore store;
    private final Quarantine quarantine;
    private final OnnxOptions options;
    private final int threads;

    /** @param quarantine where the base is evaluated */
    EvaluationIntake(
            AllowedPlaces places, ArtifactStore store, Quarantine quarantine, OnnxOptions options, int threads) {
        this.places = places;
        this.store = store;
        this.quarantine = quarantine;
        this.options = options;
        this.threads = threads;
    }

    /**
     * Checks the policy and takes the sets in; without sets there is nothing to do.
     *
     * @param base the model in the store
     * @throws RejectedException {@link RejectionCode#EVALUATION_SET} if the base cannot be evaluated on one of the languages and tasks;
     *     others if a set cannot be read, or is none
     */
    void take(ModelRegistration registration, Path base) throws RejectedException, IOException {
        @Nullable GatePolicy policy = GatePolicies.of(registration);
        if (policy == null) {
            return;
        }
        List<EvaluationSet> sets = new ArrayList<>();
        List<Path> places = new ArrayList<>();
        for (dev.koine.schemas.Bundle announced : registration.getEvaluationSets()) {
            Path place = Input.evaluationSet(announced.getUri())
                    .read(() -> store.bundle(copy(announced).digest()));
            places.add(place);
            sets.add(EvaluationSet.read(place));
        }
        requireFew(EvaluationSet.union(sets).byLanguageTask().size());
        requireKnown(base, places, policy.getSeed());
    }

    private Bundle copy(dev.koine.schemas.Bundle announced) throws RejectedException, IOException {
        Bundle found = places.require(Bundles.fromAvro(announced));
        return InputFiles.read(
                found.isLocal() ? List.of(found.directory()) : List.of(),
                () -> store.<RejectedException>putBundle(copy -> {
                    BundleVerifier.copyVerified(found, bundles, copy);
                    EvaluationSet.read(copy).requireFinite();
                }));
    }

    private void requireKnown(Path base, List<Path> sets, long seed) throws RejectedException, IOException {
        Quarantine.Speech oneEach = new Quarantine.Speech(sets, 1, seed, threads);
        for (EvaluationResult result :
                quarantine.evaluate(base, options, oneEach, Progress.NONE).values()) {
            if (result.failure().isPresent()) {
                throw refused("The base cannot be evaluated on " + result.what() + ": "
                        + result.failure().get()
                        + " Leave that language and task out of the evaluation sets, or mend them.");
            }
        }
    }

    private static void requireFew(int scores) throws RejectedException {
        if (scores > MOST_SCORES) {
            throw refused("The evaluation sets have " + scores + " languages and tasks, and " + MOST_SCORES
                    + " are the most. Leave some out.");
        }
    }

    private static RejectedException refused(String message) {
        return new RejectedException(RejectionCode.EVALUATION_SET, message);
    }
}
