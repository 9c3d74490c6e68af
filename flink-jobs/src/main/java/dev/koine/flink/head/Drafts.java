package dev.koine.flink.head;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.store.Bundle;
import dev.koine.events.Bundles;
import dev.koine.flink.events.MessageSizes;
import dev.koine.flink.sink.Rejections;
import dev.koine.flink.state.Turn;
import dev.koine.schemas.Cause;
import dev.koine.schemas.Change;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.ModelUpdate;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Updates of versions to be. */
final class Drafts {
    private static final EventCodec<ModelUpdate> UPDATES = EventCodec.of(ModelUpdate.class);

    private Drafts() {}

    /** Version 0, but for what the gate finds. */
    static ModelUpdate first(ModelRegistration registration, Bundle kept, Cause cause) {
        return ModelUpdate.newBuilder()
                .setModelId(registration.getModelId())
                .setVersion(0)
                .setParent(null)
                .setDigest(kept.digest())
                .setBundle(Bundles.toAvro(kept))
                .setExperts(List.of())
                .setRecipe(registration.getRecipe())
                .setCause(cause)
                .setTime(Instant.now())
                .build();
    }

    /**
     * What the version after {@code head} will be, but for its bundle, its scale and what the gate finds.
     *
     * @throws RejectedException {@link RejectionCode#INVALID_EVENT} if its update would be too large
     */
    static ModelUpdate next(ModelUpdate head, Contents inside, Cause cause) throws RejectedException {
        ModelUpdate next = ModelUpdate.newBuilder(head)
                .setVersion(head.getVersion() + 1)
                .setSignature(null)
                .setParent(head.getVersion())
                .setExperts(inside.experts())
                .setCause(cause)
                .setTime(Instant.now())
                .setScale(null)
                .setScalesDigest(null)
                .setGate(null)
                .setUpdateShare(null)
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

    static Cause cause(Turn turn, Change change, @Nullable String expertId, @Nullable Long revision) {
        return Cause.newBuilder()
                .setChange(change)
                .setExpertId(expertId)
                .setRevision(revision)
                .setPosition(Rejections.position(turn.getEvent()))
                .build();
    }
}
