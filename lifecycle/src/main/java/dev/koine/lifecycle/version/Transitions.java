package dev.koine.lifecycle.version;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.merge.RunningModel;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.total.Written;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.events.Recipes;
import dev.koine.lifecycle.event.GateRefusal;
import dev.koine.lifecycle.gate.Evaluation;
import dev.koine.lifecycle.gate.Evaluations;
import dev.koine.lifecycle.gate.Standings;
import dev.koine.lifecycle.gate.Trials;
import dev.koine.lifecycle.gate.Yardsticks;
import dev.koine.lifecycle.history.RecordedScales;
import dev.koine.lifecycle.input.Faults;
import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.GateReport;
import dev.koine.schemas.ModelUpdate;
import java.io.IOException;
import java.time.InstantSource;
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
    private final CandidateCosts costs;
    private final InstantSource clock;

    Transitions(
            ArtifactStore store,
            RunningModels models,
            Evaluations evaluations,
            Trials trials,
            CandidateCosts costs,
            InstantSource clock) {
        this.clock = clock;
        this.store = store;
        this.models = models;
        this.evaluations = evaluations;
        this.trials = trials;
        this.costs = costs;
    }

    /**
     * Makes the next version.
     *
     * @return its update, unsigned
     * @throws RejectedException a {@link GateRefusal} if the gate refuses the candidate; others if the totals, or the merged weights, cannot
     *     hold it, or the merged model does not load or answer finite numbers; what has recorded scales was a version before and is not
     *     tried again
     */
    ModelUpdate make(NextVersion next, Transition step) throws RejectedException, IOException {
        Line line = next.line();
        String modelId = line.modelId();
        Recipe recipe = Recipes.fromAvro(line.first().getRecipe());
        RunningModel model = models.get(modelId, line.first().getDigest(), recipe, step.inside());
        Evaluations.@Nullable Question question = question(line, step);
        Candidate candidate = new Candidate(
                recipe,
                !next.inside().experts().isEmpty(),
                step.recorded(),
                evaluations,
                question,
                step.mayBeRefused());
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
            keep(candidate, bundle.digest(), question);
            tell(next, candidate.written());
            costs.noteMade(modelId, next.number(), candidate.mergeMillis(), candidate.report());
            return next.made(
                    new NextVersion.Product(
                            bundle,
                            candidate.scales(),
                            RecordedScales.keep(candidate.scales(), store),
                            candidate.report(),
                            share(candidate.written())),
                    clock.instant());
        } catch (RejectedException e) {
            undo(modelId, model, step.undo(), e);
            if (e instanceof GateRefusal refusal) {
                costs.noteRefused(modelId, next.number(), candidate.mergeMillis(), refusal.report());
            }
            throw e;
        }
    }

    private static @Nullable Double share(Written written) {
        OptionalDouble share = written.share();
        return share.isPresent() ? share.getAsDouble() : null;
    }

    private static void tell(NextVersion next, Written written) {
        String modelId = next.line().modelId();
        OptionalDouble share = written.share();
        if (share.isPresent() && Written.isLittle(share.getAsDouble())) {
            LOG.warn(
                    "Version {} of {}: only {} % of the update arrives, the rest is rounded away: weights are narrower than"
                            + " float32.",
                    next.number(), modelId, Math.round(100 * share.getAsDouble()));
        }
        if (written.raised() > 0) {
            LOG.info(
                    "Version {} of {}: {} variances came out below a sixteenth of the base's and are that.",
                    next.number(),
                    modelId,
                    written.raised());
        }
    }

    private void keep(Candidate candidate, String digest, Evaluations.@Nullable Question question) {
        @Nullable Evaluation evaluation = candidate.evaluation();
        if (question != null && evaluation != null) {
            evaluations.keep(digest, question, evaluation);
        }
    }

    private static Evaluations.@Nullable Question question(Line line, Transition step) {
        @Nullable GateReport first = line.first().getGate();
        @Nullable GateReport newest = line.newest().getGate();
        if (first == null) {
            return null;
        }
        GatePolicy policy = first.getPolicy();
        Standings standings = step.standings().apply(policy);
        return new Evaluations.Question(
                policy,
                first.getEvaluationSets(),
                standings,
                newest == null ? null : new Evaluations.Parent(line.newest().getDigest(), newest),
                Yardsticks.of(policy, line.first(), step.again() == null ? line.newest() : step.again(), standings));
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
