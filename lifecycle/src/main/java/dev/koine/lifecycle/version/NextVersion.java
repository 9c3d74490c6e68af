package dev.koine.lifecycle.version;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.merge.Scales;
import dev.koine.engine.store.Bundle;
import dev.koine.events.Bundles;
import dev.koine.lifecycle.event.MessageSizes;
import dev.koine.schemas.Cause;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.GateReport;
import dev.koine.schemas.ModelUpdate;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What the version after the newest is to be, before it is made.
 *
 * @param inside the experts inside
 * @param cause the event that it comes from
 */
record NextVersion(Line line, Contents inside, Cause cause) {
    private static final EventCodec<ModelUpdate> UPDATES = EventCodec.of(ModelUpdate.class);

    /**
     * What was made.
     *
     * @param bundle in the store
     * @param scales that it was written with
     * @param scalesDigest of these in the store; null where one number says it all
     * @param gate what the evaluation found; null without a gate
     * @param updateShare how much of the update arrived in the weights; null where that is all of it
     */
    record Product(
            Bundle bundle,
            Scales scales,
            @Nullable String scalesDigest,
            @Nullable GateReport gate,
            @Nullable Double updateShare) {}

    /** The version's number. */
    long number() {
        return line.newest().getVersion() + 1;
    }

    /**
     * Checks that its update will fit into a message, before anything is made.
     *
     * @throws RejectedException {@link RejectionCode#INVALID_EVENT} if it would be too large
     */
    void requireSmall() throws RejectedException {
        int bytes = UPDATES.encode(common(Instant.EPOCH).build()).length;
        if (bytes > MessageSizes.MOST_UPDATE) {
            throw new RejectedException(
                    RejectionCode.INVALID_EVENT,
                    "With this expert the update of model '" + line.modelId() + "' has " + bytes + " bytes, and "
                            + MessageSizes.MOST_UPDATE
                            + " are the most. Submit it with fewer languages and tasks, or retract experts first.");
        }
    }

    /** Its update, unsigned. */
    ModelUpdate made(Product product, Instant time) {
        return common(time)
                .setDigest(product.bundle().digest())
                .setBundle(Bundles.toAvro(product.bundle()))
                .setScale(product.scales().overall())
                .setScalesDigest(product.scalesDigest())
                .setGate(product.gate())
                .setUpdateShare(product.updateShare())
                .build();
    }

    private ModelUpdate.Builder common(Instant time) {
        ModelUpdate newest = line.newest();
        return ModelUpdate.newBuilder()
                .setModelId(line.modelId())
                .setVersion(number())
                .setParent(newest.getVersion())
                .setDigest(newest.getDigest())
                .setBundle(newest.getBundle())
                .setExperts(inside.experts())
                .setRecipe(newest.getRecipe())
                .setCause(cause)
                .setCheckpointDigest(newest.getCheckpointDigest())
                .setWeightMapDigest(newest.getWeightMapDigest())
                .setBase(line.first().getBundle())
                .setTime(time);
    }
}
