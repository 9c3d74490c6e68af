package dev.koine.flink.head;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.merge.RunningModel;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.total.Written;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.flink.events.Recipes;
import dev.koine.flink.input.Faults;
import dev.koine.flink.store.RecordedScales;
import dev.koine.schemas.GateReport;
import dev.koine.schemas.ModelUpdate;
import dev.koine.subscriber.events.Bundles;
import java.io.IOException;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes models from one version to the next: changes the totals, and has the {@link Candidate} written to the store and evaluated on the
 * way there, before it has its address; then it is {@linkplain Trials tried}. What is refused leaves the totals as they were, and no model in the store.
 */
final class Transitions {
    private static final Logger LOG = LoggerFactory.getLogger(Transitions.class);

    private final ArtifactStore store;
    private final RunningModels models;
    private final Evaluations evaluations;
    private final Trials trials;
    private final Costs costs;

    Transitions(ArtifactStore store, RunningModels models, Evaluations evaluations, Trials trials, Costs costs) {
        this.store = store;
        this.models = models;
        this.evaluations = evaluations;
        this.trials = trials;
        this.costs = costs;
    }

    /**
     * Makes the next version.
     *
     * @param next its update, but for its bundle, its scale and what the gate finds
     * @throws GateRefusal if the gate refuses the candidate
     * @throws RejectedException if the totals, or the merged weights, cannot hold it, or the merged model does not load or answer finite
     *     numbers; what has recorded scales was a version before and is not tried again
     */
    ModelUpdate make(Turns.Line line, ModelUpdate next, Transition step)
            throws GateRefusal, RejectedException, IOException {
        String modelId = next.getModelId();
        Recipe recipe = Recipes.fromAvro(line.first().getRecipe());
        RunningModel model = models.get(modelId, line.first().getDigest(), recipe, step.inside());
        Evaluations.@Nullable Question question = question(line, step);
        Candidate candidate = new Candidate(
                recipe, !next.getExperts().isEmpty(), step.recorded(), evaluations, question, step.mayBeRefused());
        candidate.addMergeNanos(apply(modelId, model, step.change()));
        try {
            Bundle bundle = Faults.contain(
                    "model '" + modelId + "'",
                    () -> store.<RejectedException>putBundle(target -> {
                        candidate.write(model, target);
                        if (step.recorded() == null) {
                            trials.require(
                                    target, candidate.evaluation(), line.first().getDigest());
                        }
                    }));
            step.requireMadeAgain(bundle.digest(), candidate.written());
            next.setDigest(bundle.digest());
            next.setBundle(Bundles.toAvro(bundle));
            next.setGate(candidate.report());
            keep(candidate, bundle.digest(), question);
            RecordedScales.note(candidate.scales(), next, store);
            noteUpdate(candidate.written(), next);
            costs.note(next, candidate.mergeMillis(), candidate.report());
            return next;
        } catch (RejectedException e) {
            undo(modelId, model, step.undo(), e);
            @Nullable GateReport report = candidate.report();
            if (e.code() == RejectionCode.GATE_REFUSED && report != null) {
                costs.note(next, candidate.mergeMillis(), report);
                throw new GateRefusal(e, report);
            }
            throw e;
        }
    }

    private static void noteUpdate(Written written, ModelUpdate version) {
        OptionalDouble share = written.share();
        if (share.isPresent()) {
            version.setUpdateShare(share.getAsDouble());
            if (Written.isLittle(share.getAsDouble())) {
                LOG.warn(
                        "Version {} of {}: only {} % of the update arrives, the rest is rounded away: weights are narrower than"
                                + " float32.",
                        version.getVersion(), version.getModelId(), Math.round(100 * share.getAsDouble()));
            }
        }
        if (written.raised() > 0) {
            LOG.info(
                    "Version {} of {}: {} variances came out below a sixteenth of the base's and are that.",
                    version.getVersion(),
                    version.getModelId(),
                    written.raised());
        }
    }

    private void keep(Candidate candidate, String digest, Evaluations.@Nullable Question question) {
        @Nullable Evaluation evaluation = candidate.evaluation();
        if (question != null && evaluation != null) {
            evaluations.keep(digest, question, evaluation);
        }
    }

    private static Evaluations.@Nullable Question question(Turns.Line line, Transition step) {
        @Nullable GateReport first = line.first().getGate();
        @Nullable GateReport newest = line.newest().getGate();
        return first == null
                ? null
                : new Evaluations.Question(
                        first.getPolicy(),
                        first.getEvaluationSets(),
                        step.standings().apply(first.getPolicy()),
                        newest == null
                                ? null
                                : new Evaluations.Parent(line.newest().getDigest(), newest));
    }

    private long apply(String modelId, RunningModel model, Transition.TotalsChange change)
            throws RejectedException, IOException {
        long begun = System.nanoTime();
        try {
            return Faults.contain("model '" + modelId + "'", () -> {
                change.apply(model);
                return System.nanoTime() - begun;
            });
        } catch (RejectedException e) {
            boolean isUndone = e.code() == RejectionCode.TOTAL_OVERFLOW;
            if (!isUndone) {
                models.forget(modelId);
            }
            throw e;
        }
    }

    private void undo(String modelId, RunningModel model, Transition.TotalsChange undo, RejectedException refusal)
            throws IOException {
        boolean isSound = refusal.code() != RejectionCode.INTERNAL_ERROR;
        try {
            if (isSound) {
                undo.apply(model);
            }
        } catch (RejectedException e) {
            LOG.debug("What was refused cannot be taken out of the totals: {}", e.getMessage());
            isSound = false;
        }
        if (!isSound) {
            models.forget(modelId);
        }
    }
}
