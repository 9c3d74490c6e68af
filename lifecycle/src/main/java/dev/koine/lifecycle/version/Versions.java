package dev.koine.lifecycle.version;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.merge.Member;
import dev.koine.engine.merge.RunningModel;
import dev.koine.engine.merge.TaskVector;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.StoredArtifact;
import dev.koine.events.Bundles;
import dev.koine.events.GateReports;
import dev.koine.events.MergedExperts;
import dev.koine.events.Recipes;
import dev.koine.lifecycle.event.Events;
import dev.koine.lifecycle.gate.Evaluation;
import dev.koine.lifecycle.gate.Evaluations;
import dev.koine.lifecycle.gate.GatePolicies;
import dev.koine.lifecycle.gate.Standings;
import dev.koine.lifecycle.gate.Trials;
import dev.koine.lifecycle.gate.Yardsticks;
import dev.koine.lifecycle.history.RecordedScales;
import dev.koine.lifecycle.input.WeightMaps;
import dev.koine.schemas.Cause;
import dev.koine.schemas.Change;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.GateReport;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Patch;
import dev.koine.schemas.YardstickScore;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the versions of models, each by a {@link Transition} from the one before.
 *
 * <p>Only an expert that comes in can be refused by the gate: what is taken out, or gone back to, or a language that is protected, is an operator's
 * decision, and is evaluated for the record. The parent's error rates are those of its own report, so that an event costs one evaluation, and one
 * more after a start.
 */
public final class Versions {
    private static final Logger LOG = LoggerFactory.getLogger(Versions.class);

    private final ArtifactStore store;
    private final RunningModels models;
    private final Evaluations evaluations;
    private final Transitions transitions;
    private final CandidateCosts costs;
    private final InstantSource clock;

    /** @param clock tells the time that a version notes */
    public Versions(
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
        this.transitions = new Transitions(store, models, evaluations, trials, costs, clock);
        this.costs = costs;
    }

    /** Version 0: the base itself. */
    public ModelUpdate registered(Arrival arrival, ModelRegistration registration)
            throws RejectedException, IOException {
        Bundle announced = Bundles.fromAvro(registration.getBase());
        String digest = Objects.requireNonNull(arrival.bundleDigest());
        Bundle kept = new Bundle(store.address(digest), announced.files());
        @Nullable
        String checkpoint = registration.getCheckpoint() == null
                ? null
                : Bundles.fromAvro(registration.getCheckpoint()).digest();
        return ModelUpdate.newBuilder()
                .setModelId(registration.getModelId())
                .setVersion(0)
                .setDigest(kept.digest())
                .setBundle(Bundles.toAvro(kept))
                .setExperts(List.of())
                .setRecipe(registration.getRecipe())
                .setCause(cause(arrival, Change.REGISTERED).build())
                .setGate(evaluated(registration, kept.digest()))
                .setCheckpointDigest(checkpoint)
                .setWeightMapDigest(checkpoint == null ? null : new WeightMaps(store).digest(digest, checkpoint))
                .setTime(clock.instant())
                .build();
    }

    /** What the gate finds of a base; null without a gate. */
    private @Nullable GateReport evaluated(ModelRegistration registration, String base)
            throws RejectedException, IOException {
        @Nullable GatePolicy policy = GatePolicies.of(registration);
        if (policy == null) {
            return null;
        }
        List<String> sets = new ArrayList<>();
        for (dev.koine.schemas.Bundle set : registration.getEvaluationSets()) {
            sets.add(Bundles.fromAvro(set).digest());
        }
        Evaluations.Question question =
                new Evaluations.Question(policy, sets, Standings.staying(policy, List.of()), null, Yardsticks.NONE);
        try {
            Evaluation evaluation = evaluations.evaluate(store.bundle(base), question);
            evaluations.keep(base, question, evaluation);
            costs.noteBase(registration.getModelId(), evaluation.report());
            return evaluation.report();
        } catch (RejectedException e) {
            throw new IOException("The base was evaluated when it came in and cannot be now: " + e.getMessage(), e);
        }
    }

    /**
     * The version after the newest with one expert more, or with a newer revision of one.
     *
     * @param digests of the pieces of the expert's task vector; none for a combination
     */
    public ModelUpdate merged(Line line, Arrival arrival, ExpertEvent event, List<String> digests)
            throws RejectedException, IOException {
        Contents inside = new Contents(line.newest().getExperts());
        inside.requireNewer(event);
        boolean isProtection = Events.isProtection(event);
        String bundleDigest =
                event.getCombine().isEmpty() && !isProtection ? Objects.requireNonNull(arrival.bundleDigest()) : "";
        @Nullable String statistics = statistics(line, event);
        TaskVector taskVector = (event.getCombine().isEmpty()
                        ? new TaskVector(line.first().getDigest(), bundleDigest, digests)
                        : combined(inside, event))
                .weighedBy(statistics);
        String vectorDigest = taskVector.put(store);
        MergedExpert added = MergedExpert.newBuilder()
                .setExpertId(event.getExpertId())
                .setRevision(event.getRevision())
                .setLanguages(event.getLanguages())
                .setTasks(event.getTasks())
                .setWeight(event.getWeight())
                .setBundleDigest(bundleDigest)
                .setTaskVectorDigest(vectorDigest)
                .setCombine(event.getCombine())
                .setStatisticsDigest(statistics)
                .setPatch(patch(vectorDigest))
                .build();
        Member in = RunningModels.member(added);
        Optional<Member> out = inside.find(event.getExpertId()).map(RunningModels::member);
        Cause cause = cause(arrival, out.isPresent() ? Change.REPLACED : Change.MERGED)
                .setExpertId(event.getExpertId())
                .setRevision(event.getRevision())
                .build();
        Contents after = inside.with(added);
        return transitions.make(
                next(line, after, cause),
                new Transition(
                        inside,
                        model -> put(model, out, in),
                        model -> takeBack(model, out, in),
                        null,
                        policy -> isProtection
                                ? Standings.staying(policy, after.experts())
                                : Standings.merging(policy, inside.experts(), event.getLanguages()),
                        !isProtection,
                        null));
    }

    private @Nullable Patch patch(String taskVector) throws IOException {
        Optional<dev.koine.engine.merge.Patch> made = dev.koine.engine.merge.Patch.of(taskVector, store);
        if (made.isEmpty()) {
            return null;
        }
        return new Patch(Bundles.toAvro(made.get().put(store)), made.get().bytes());
    }

    /** The digest of what the expert is weighed by; null where the recipe weighs by nothing, whatever the event brings. */
    private static @Nullable String statistics(Line line, ExpertEvent event) throws RejectedException {
        boolean isWeighed = Recipes.fromAvro(line.first().getRecipe()).method().isWeighed();
        return isWeighed && event.getStatistics() != null
                ? Bundles.fromAvro(event.getStatistics()).digest()
                : null;
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
    public ModelUpdate retracted(Line line, Arrival arrival, ExpertEvent event) throws RejectedException, IOException {
        Contents inside = new Contents(line.newest().getExperts());
        MergedExpert old = inside.requireInside(event.getExpertId());
        Member out = RunningModels.member(old);
        Contents left = inside.without(old.getExpertId());
        Cause cause = cause(arrival, Change.RETRACTED)
                .setExpertId(old.getExpertId())
                .setRevision(old.getRevision())
                .build();
        return transitions.make(
                next(line, left, cause),
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
    public ModelUpdate rolledBack(Line line, Arrival arrival, ModelUpdate old) throws RejectedException, IOException {
        renew(old);
        Contents inside = new Contents(old.getExperts());
        Cause cause =
                cause(arrival, Change.ROLLED_BACK).setBackTo(old.getVersion()).build();
        String modelId = line.modelId();
        models.forget(modelId);
        return transitions.make(
                next(line, inside, cause),
                new Transition(
                        inside,
                        model -> {},
                        model -> models.forget(modelId),
                        RecordedScales.of(old, store),
                        policy -> Standings.staying(policy, inside.experts()),
                        false,
                        old));
    }

    private static NextVersion next(Line line, Contents inside, Cause cause) throws RejectedException {
        NextVersion next = new NextVersion(line, inside, cause);
        next.requireSmall();
        return next;
    }

    private static Cause.Builder cause(Arrival arrival, Change change) {
        return Cause.newBuilder().setChange(change).setPosition(arrival.position());
    }

    /** Keeps what a version needs from being taken away as old, from here on. */
    private void renew(ModelUpdate old) throws RejectedException, IOException {
        boolean isThere = old.getScalesDigest() == null || store.renew(StoredArtifact.Kind.FILE, old.getScalesDigest());
        for (MergedExpert expert : old.getExperts()) {
            boolean isKept = store.renew(StoredArtifact.Kind.FILE, expert.getTaskVectorDigest());
            isThere &= isKept;
            if (isKept) {
                TaskVector vector = TaskVector.get(store, expert.getTaskVectorDigest());
                for (String piece : vector.pieces()) {
                    isThere &= store.renew(StoredArtifact.Kind.FILE, piece);
                }
                if (!vector.statistics().isEmpty()) {
                    isThere &= store.renew(StoredArtifact.Kind.BUNDLE, vector.statistics());
                }
            }
            Optional<String> patch = MergedExperts.patchDigest(expert);
            isThere &= patch.isEmpty() || store.renew(StoredArtifact.Kind.FILE, patch.get());
            boolean hasCopy = !expert.getBundleDigest().isEmpty()
                    && store.renew(StoredArtifact.Kind.BUNDLE, expert.getBundleDigest());
            LOG.debug("The copy of expert {} is {}.", expert.getExpertId(), hasCopy ? "kept" : "gone");
        }
        for (YardstickScore yardstick : GateReports.yardsticks(old.getGate())) {
            boolean hasModel = store.renew(StoredArtifact.Kind.BUNDLE, yardstick.getDigest());
            LOG.debug("The model of version {} is {}.", yardstick.getVersion(), hasModel ? "kept" : "gone");
        }
        if (!isThere) {
            throw new RejectedException(
                    RejectionCode.UNKNOWN_VERSION,
                    "The store does not keep what was inside version " + old.getVersion()
                            + " any more. Submit its experts again instead.");
        }
    }
}
