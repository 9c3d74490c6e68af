package dev.koine.flink.head;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.merge.RunningModel;
import dev.koine.engine.merge.TaskVector;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.StoredArtifact;
import dev.koine.flink.Faults;
import dev.koine.flink.MessageSizes;
import dev.koine.flink.Recipes;
import dev.koine.flink.sink.Rejections;
import dev.koine.flink.state.Turn;
import dev.koine.schemas.Cause;
import dev.koine.schemas.Change;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.ModelUpdate;
import dev.koine.subscriber.events.Bundles;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the versions of models: changes the totals and writes the candidate to the store. What is refused leaves the totals as they
 * were.
 */
final class Versions {
    private static final Logger LOG = LoggerFactory.getLogger(Versions.class);
    private static final EventCodec<ModelUpdate> UPDATES = EventCodec.of(ModelUpdate.class);

    private final ArtifactStore store;
    private final RunningModels models;

    Versions(ArtifactStore store, RunningModels models) {
        this.store = store;
        this.models = models;
    }

    /** Version 0: the base itself. */
    ModelUpdate registered(Turn turn, ModelRegistration registration) throws RejectedException, IOException {
        Bundle announced = Bundles.fromAvro(registration.getBase());
        Bundle kept = new Bundle(store.address(turn.getBundleDigest()), announced.files());
        return ModelUpdate.newBuilder()
                .setModelId(registration.getModelId())
                .setVersion(0)
                .setParent(null)
                .setDigest(kept.digest())
                .setBundle(Bundles.toAvro(kept))
                .setExperts(List.of())
                .setRecipe(registration.getRecipe())
                .setCause(cause(turn, Change.REGISTERED, null, null))
                .setTime(Instant.now())
                .build();
    }

    /**
     * The version after {@code head} with one expert more, or with a newer revision of one.
     *
     * @param base version 0
     * @param digests of the pieces of the expert's task vector
     */
    ModelUpdate merged(ModelUpdate base, ModelUpdate head, Turn turn, ExpertEvent event, List<String> digests)
            throws RejectedException, IOException {
        Contents inside = new Contents(head.getExperts());
        inside.requireNewer(event);
        TaskVector taskVector = new TaskVector(base.getDigest(), turn.getBundleDigest(), digests);
        MergedExpert added = MergedExpert.newBuilder()
                .setExpertId(event.getExpertId())
                .setRevision(event.getRevision())
                .setLanguages(event.getLanguages())
                .setTasks(event.getTasks())
                .setWeight(event.getWeight())
                .setBundleDigest(turn.getBundleDigest())
                .setTaskVectorDigest(taskVector.put(store))
                .build();
        Optional<MergedExpert> old = inside.find(event.getExpertId());
        Change change = old.isPresent() ? Change.REPLACED : Change.MERGED;
        ModelUpdate next =
                next(head, inside.with(added), cause(turn, change, event.getExpertId(), event.getRevision()));
        return changed(base, inside, next, model -> {
            if (old.isPresent()) {
                model.replace(RunningModels.member(old.get()), RunningModels.member(added));
            } else {
                model.add(RunningModels.member(added));
            }
        });
    }

    /** The version after {@code head} without an expert. */
    ModelUpdate retracted(ModelUpdate base, ModelUpdate head, Turn turn, ExpertEvent event)
            throws RejectedException, IOException {
        Contents inside = new Contents(head.getExperts());
        MergedExpert old = inside.requireInside(event.getExpertId());
        Cause cause = cause(turn, Change.RETRACTED, old.getExpertId(), old.getRevision());
        ModelUpdate next = next(head, inside.without(old.getExpertId()), cause);
        return changed(base, inside, next, model -> model.subtract(RunningModels.member(old)));
    }

    /**
     * The version after {@code head} with what was inside an older one: the same bytes again, made from base and task vectors.
     *
     * @param old the version to go back to
     * @throws RejectedException {@link RejectionCode#UNKNOWN_VERSION} if the store does not keep its task vectors any more
     */
    ModelUpdate rolledBack(ModelUpdate base, ModelUpdate head, Turn turn, ModelUpdate old)
            throws RejectedException, IOException {
        for (MergedExpert expert : old.getExperts()) {
            renew(expert, old.getVersion());
        }
        Contents inside = new Contents(old.getExperts());
        Cause cause = cause(turn, Change.ROLLED_BACK, null, null);
        cause.setBackTo(old.getVersion());
        ModelUpdate next = next(head, inside, cause);
        models.forget(base.getModelId());
        changed(base, inside, next, model -> {});
        if (!next.getDigest().equals(old.getDigest())) {
            throw new IOException("Version " + old.getVersion() + " of " + base.getModelId() + " had the digest "
                    + old.getDigest() + " and has " + next.getDigest()
                    + " made again: the store is damaged; koine verify --store says where.");
        }
        return next;
    }

    /** Keeps what a version needs from being taken away as old, from here on. */
    private void renew(MergedExpert expert, long version) throws RejectedException, IOException {
        boolean isThere = store.renew(StoredArtifact.Kind.FILE, expert.getTaskVectorDigest());
        if (isThere) {
            for (String piece :
                    TaskVector.get(store, expert.getTaskVectorDigest()).pieces()) {
                isThere &= store.renew(StoredArtifact.Kind.FILE, piece);
            }
        }
        if (!isThere) {
            throw new RejectedException(
                    RejectionCode.UNKNOWN_VERSION,
                    "The store does not keep what was inside version " + version
                            + " any more. Submit its experts again instead.");
        }
        boolean hasCopy = store.renew(StoredArtifact.Kind.BUNDLE, expert.getBundleDigest());
        LOG.debug("The copy of expert {} is {}.", expert.getExpertId(), hasCopy ? "kept" : "gone");
    }

    /** What the next version will be, but for its bundle, which {@link #changed} makes. */
    private static ModelUpdate next(ModelUpdate head, Contents inside, Cause cause) throws RejectedException {
        ModelUpdate next = ModelUpdate.newBuilder(head)
                .setVersion(head.getVersion() + 1)
                .setSignature(null)
                .setParent(head.getVersion())
                .setExperts(inside.experts())
                .setCause(cause)
                .setTime(Instant.now())
                .build();
        int bytes = UPDATES.encode(next).length;
        if (bytes > MessageSizes.MOST_UPDATE) {
            throw new RejectedException(
                    RejectionCode.INVALID_EVENT,
                    "With this expert the update of model '" + head.getModelId() + "' has " + bytes + " bytes, and "
                            + MessageSizes.MOST_UPDATE
                            + " are the most. Submit it with fewer languages and tasks, or retract experts first.");
        }
        return next;
    }

    private ModelUpdate changed(ModelUpdate base, Contents inside, ModelUpdate next, TotalsChange change)
            throws RejectedException, IOException {
        RunningModel model =
                models.get(base.getModelId(), base.getDigest(), Recipes.fromAvro(base.getRecipe()), inside);
        try {
            Bundle bundle = Faults.contain("model '" + base.getModelId() + "'", () -> {
                change.apply(model);
                return store.<RejectedException>putBundle(target -> model.write(target, model.scales(), Progress.NONE));
            });
            next.setDigest(bundle.digest());
            next.setBundle(Bundles.toAvro(bundle));
            return next;
        } catch (RejectedException e) {
            boolean isUndone = e.code() == RejectionCode.TOTAL_OVERFLOW;
            if (!isUndone) {
                models.forget(base.getModelId());
            }
            throw e;
        }
    }

    private static Cause cause(Turn turn, Change change, @Nullable String expertId, @Nullable Long revision) {
        return Cause.newBuilder()
                .setChange(change)
                .setExpertId(expertId)
                .setRevision(revision)
                .setPosition(Rejections.position(turn.getEvent()))
                .build();
    }

    /** A change of the totals; one that overflows undoes itself. */
    @FunctionalInterface
    private interface TotalsChange {
        void apply(RunningModel model) throws RejectedException, IOException;
    }
}
