package dev.koine.fuzz;

import dev.koine.engine.RejectedException;
import dev.koine.events.Bundles;
import dev.koine.events.Recipes;
import dev.koine.flink.state.InboundEvent;
import dev.koine.lifecycle.event.Events;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Rejection;
import dev.koine.schemas.UndecodableException;
import java.nio.ByteBuffer;

/** A record's value on one of the topics. The first byte chooses the topic. */
public final class EventTarget {
    private static final EventCodec<ModelUpdate> UPDATES = EventCodec.of(ModelUpdate.class);
    private static final EventCodec<Rejection> REJECTIONS = EventCodec.of(Rejection.class);

    private EventTarget() {}

    public static void fuzzerTestOneInput(byte[] data) {
        if (data.length == 0) {
            return;
        }
        byte[] value = java.util.Arrays.copyOfRange(data, 1, data.length);
        try {
            switch (data[0] & 3) {
                case 0 -> expert(value);
                case 1 -> registration(value);
                case 2 -> Bundles.fromAvro(UPDATES.decode(value).getBundle()).digest();
                default -> REJECTIONS.decode(value).getCode();
            }
        } catch (RejectedException | UndecodableException refused) {
            requireMessage(refused);
        }
    }

    private static void expert(byte[] value) throws RejectedException {
        ExpertEvent event = Events.expert(inbound(value));
        if (event.getBundle() != null) {
            Bundles.fromAvro(event.getBundle()).digest();
        }
    }

    private static void registration(byte[] value) throws RejectedException {
        ModelRegistration event = Events.registration(inbound(value));
        Recipes.fromAvro(Recipes.settled(event.getRecipe()));
        Bundles.fromAvro(event.getBase()).digest();
    }

    private static InboundEvent inbound(byte[] value) {
        return InboundEvent.newBuilder()
                .setTopic("t")
                .setPartition(0)
                .setOffset(0)
                .setTimestamp(0)
                .setKey(null)
                .setValue(ByteBuffer.wrap(value))
                .build();
    }

    static void requireMessage(Exception refused) {
        if (refused.getMessage() == null || refused.getMessage().isBlank()) {
            throw new AssertionError("a refusal without a word", refused);
        }
    }
}
