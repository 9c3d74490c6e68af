package dev.koine.flink.head;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.merge.Member;
import dev.koine.engine.merge.RunningModel;
import dev.koine.engine.merge.TaskVector;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.StoredArtifact;
import dev.koine.events.Bundles;
import dev.koine.flink.gate.GatePolicies;
import dev.koine.flink.gate.Standings;
import dev.koine.flink.state.Turn;
import dev.koine.flink.store.RecordedScales;
import dev.koine.schemas.Cause;
import dev.koine.schemas.Change;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.ModelUpdate;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the versions of models, each by a {@link Transition} from the one before.
 *
 * <p>Only an expert that comes in can be refused by the gate: what is taken out, or gone back to, is an operator's decision, and is
 * evaluated for the record. The parent's error rates are those of its own report, so that an event costs one evaluation, and one
 * more after a start.
 */
final class Versions {
    private static final Logger LOG = LoggerFactory.getLogger(Versions.class);

    private final ArtifactStore store;
    private final RunningModels models;
    private final Evaluations evaluations;
    private final Transitions transitions;
    private final Costs costs;

    Versions(ArtifactStore store, RunningModels models, Evaluations evaluations, Trials trials, Costs costs) {
        this.store = store;
        this.models = models;
        this.evaluations = evaluations;
        this.transitions = new Transitions(store, models, evaluations, trials, costs);
        this.costs = costs;
    }

    /** Version 0: the base itself. */
    ModelUpdate registered(Turn turn, ModelRegistration registration) throws RejectedException, IOException {
        Bundle announced = Bundles.fromAvro(registration.getBase());
        Bundle kept = new Bundle(store.address(turn.getBundleDigest()), announced.files());
        ModelUpdate zero = Drafts.first(registration, kept, Drafts.cause(turn, Change.REGISTERED, null, null));
        @Nullable GatePolicy policy = GatePolicies.of(registration);
        if (policy != null) {
            List<String> sets = new ArrayList<>();
            for (dev.koine.schemas.Bundle set : registration.getEvaluationSets()) {
                sets.add(Bundles.fromAvro(set).digest());
            }
            Evaluations.Question question =
                    new Evaluations.Question(policy, sets, Standings.staying(policy, List.of()), null);
            Evaluation evaluation = evaluated(kept, question);
            evaluations.keep(kept.digest(), question, evaluation);
            zero.setGate(evaluation.report());
            costs.note(zero, 0, zero.getGate());
        }
        return zero;
    }

    private Evaluation evaluated(Bundle base, Evaluations.Question question) throws IOException {
        try {
            return evaluations.evaluate(store.bundle(base.digest()), question);
        } catch (RejectedException e) {
            throw new IOException("The base was evaluated when it came in and cannot be now: " + e.getMessage(), e);
        }
    }

    /**
     * The version after the newest with one expert more, or with a newer revision of one.
     *
     * @param digests of the pieces of the expert's task vector; none for a combination
     */
    ModelUpdate merged(Turns.Line line, Turn turn, ExpertEvent event, List<String> digests)
            throws GateRefusal, RejectedException, IOException {
        Contents inside = new Contents(line.newest().getExperts());
        inside.requireNewer(event);
        TaskVector taskVector = event.getCombine().isEmpty()
                ? new TaskVector(line.first().getDigest(), turn.getBundleDigest(), digests)
                : combined(inside, event);
        MergedExpert added = MergedExpert.newBuilder()
                .setExpertId(event.getExpertId())
                .setRevision(event.getRevision())
                .setLanguages(event.getLanguages())
                .setTasks(event.getTasks())
                .setWeight(event.getWeight())
                .setBundleDigest(event.getCombine().isEmpty() ? turn.getBundleDigest() : "")
                .setTaskVectorDigest(taskVector.put(store))
                .setCombine(event.getCombine())
                .build();
        Member in = RunningModels.member(added);
        Optional<Member> out = inside.find(event.getExpertId()).map(RunningModels::member);
        Cause cause = Drafts.cause(
                turn, out.isPresent() ? Change.REPLACED : Change.MERGED, event.getExpertId(), event.getRevision());
        return transitions.make(
                line,
                Drafts.next(line.newest(), inside.with(added), cause),
                new Transition(
                        inside,
                        model -> put(model, out, in),
                        model -> takeBack(model, out, in),
                        null,
                        policy -> Standings.merging(policy, inside.experts(), event.getLanguages()),
                        true,
                        null));
    }

    private TaskVector combined(Contents inside, ExpertEvent event) throws RejectedException, IOException {
        List<MergedExpert> experts = inside.requireTerms(event.getCombine());
        List<TaskVector.Term> terms = new ArrayList<>();
        for (int i = 0; i < experts.size(); i++) {
            TaskVector vector = TaskVector.get(store, experts.get(i).getTaskVectorDigest());
            terms.add(new TaskVector.Term(vector, event.getCombine().get(i).getFactor()));
        }
        return TaskVector.combined(terms);
    }

    private static void put(RunningModel model, Optional<Member> out, Member in) throws RejectedException, IOException {
        if (out.isPresent()) {
            model.replace(out.get(), in);
        } else {
            model.add(in);
        }
    }

    private static void takeBack(RunningModel model, Optional<Member> out, Member in)
            throws RejectedException, IOException {
        if (out.isPresent()) {
            model.replace(in, out.get());
        } else {
            model.subtract(in);
        }
    }

    /** The version after the newest without an expert. */
    ModelUpdate retracted(Turns.Line line, Turn turn, ExpertEvent event)
            throws GateRefusal, RejectedException, IOException {
        Contents inside = new Contents(line.newest().getExperts());
        MergedExpert old = inside.requireInside(event.getExpertId());
        Member out = RunningModels.member(old);
        Contents left = inside.without(old.getExpertId());
        Cause cause = Drafts.cause(turn, Change.RETRACTED, old.getExpertId(), old.getRevision());
        return transitions.make(
                line,
                Drafts.next(line.newest(), left, cause),
                new Transition(
                        inside,
                        model -> model.subtract(out),
                        model -> model.add(out),
                        null,
                        policy -> Standings.staying(policy, left.experts()),
                        false,
                        null));
    }

    /**
     * The version after the newest with what was inside an older one: the same bytes again, made from base and task vectors.
     *
     * @param old the version to go back to
     * @throws RejectedException {@link RejectionCode#UNKNOWN_VERSION} if the store does not keep its task vectors any more
     */
    ModelUpdate rolledBack(Turns.Line line, Turn turn, ModelUpdate old)
            throws GateRefusal, RejectedException, IOException {
        renew(old);
        Contents inside = new Contents(old.getExperts());
        Cause cause = Drafts.cause(turn, Change.ROLLED_BACK, null, null);
        cause.setBackTo(old.getVersion());
        String modelId = line.first().getModelId();
        models.forget(modelId);
        return transitions.make(
                line,
                Drafts.next(line.newest(), inside, cause),
                new Transition(
                        inside,
                        model -> {},
                        model -> models.forget(modelId),
                        RecordedScales.of(old, store),
                        policy -> Standings.staying(policy, inside.experts()),
                        false,
                        old.getDigest()));
    }

    /** Keeps what a version needs from being taken away as old, from here on. */
    private void renew(ModelUpdate old) throws RejectedException, IOException {
        boolean isThere = old.getScalesDigest() == null || store.renew(StoredArtifact.Kind.FILE, old.getScalesDigest());
        for (MergedExpert expert : old.getExperts()) {
            boolean isKept = store.renew(StoredArtifact.Kind.FILE, expert.getTaskVectorDigest());
            isThere &= isKept;
            if (isKept) {
                for (String piece :
                        TaskVector.get(store, expert.getTaskVectorDigest()).pieces()) {
                    isThere &= store.renew(StoredArtifact.Kind.FILE, piece);
                }
            }
            boolean hasCopy =
                    expert.getCombine().isEmpty() && store.renew(StoredArtifact.Kind.BUNDLE, expert.getBundleDigest());
            LOG.debug("The copy of expert {} is {}.", expert.getExpertId(), hasCopy ? "kept" : "gone");
        }
        if (!isThere) {
            throw new RejectedException(
                    RejectionCode.UNKNOWN_VERSION,
                    "The store does not keep what was inside version " + old.getVersion()
                            + " any more. Submit its experts again instead.");
        }
    }
}
