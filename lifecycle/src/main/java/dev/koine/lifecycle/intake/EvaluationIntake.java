package dev.koine.lifecycle.intake;

import dev.koine.engine.Input;
import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.lifecycle.gate.GatePolicies;
import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.ModelRegistration;
import dev.koine.speech.evaluation.EvaluationResult;
import dev.koine.speech.evaluation.EvaluationSet;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.quarantine.Examiner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Takes the evaluation sets of a model in: copies them to the store, and tries the base on one utterance of each language and task, so
 * that what cannot be evaluated is refused here and not at the first expert's turn.
 */
public final class EvaluationIntake {
    /** Most languages and tasks: each has a place in every update. */
    private static final int MOST_SCORES = 200;

    private final BundleIntake bundles;
    private final ArtifactStore store;
    private final Examiner examiner;
    private final OnnxOptions options;
    private final int threads;

    /**
     * @param examiner evaluates the base
     * @param threads that decode at a time
     */
    public EvaluationIntake(
            BundleIntake bundles, ArtifactStore store, Examiner examiner, OnnxOptions options, int threads) {
        this.bundles = bundles;
        this.store = store;
        this.examiner = examiner;
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
            Bundle kept = Input.evaluationSet(announced.getUri())
                    .read(() -> bundles.take(announced, (copy, digest) -> EvaluationSet.read(copy)
                            .requireFinite()));
            Path place = store.bundle(kept.digest());
            places.add(place);
            sets.add(EvaluationSet.read(place));
        }
        requireFew(EvaluationSet.union(sets).byLanguageTask().size());
        requireKnown(base, places, policy.getSeed());
    }

    private void requireKnown(Path base, List<Path> sets, long seed) throws RejectedException, IOException {
        Examiner.Speech oneEach = new Examiner.Speech(sets, 1, seed, threads);
        for (EvaluationResult result :
                examiner.evaluate(base, options, oneEach, Progress.NONE).values()) {
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
