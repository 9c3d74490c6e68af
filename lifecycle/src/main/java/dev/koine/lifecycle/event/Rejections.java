package dev.koine.lifecycle.event;

import dev.koine.engine.Input;
import dev.koine.engine.RejectedException;
import dev.koine.flink.state.InboundEvent;
import dev.koine.schemas.Position;
import dev.koine.schemas.Rejection;
import java.nio.ByteBuffer;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Refused events as they are told: what is thrown where it is found becomes a message here, whichever stage it is. */
public final class Rejections {
    private Rejections() {}

    /**
     * The rejection of an event. Its message names the expert that the event is about, whoever wrote it.
     *
     * @param expertId null where the event is no decodable expert event
     * @param reason a {@link GateRefusal} brings its report
     */
    public static Rejection of(
            InboundEvent event, @Nullable String expertId, Stage stage, RejectedException reason, Instant time) {
        boolean isRepeated = size(event.getKey()) + size(event.getValue()) <= MessageSizes.MOST_REPEATED;
        return Rejection.newBuilder()
                .setModelId(event.getModelId())
                .setExpertId(expertId)
                .setPosition(position(event))
                .setKey(isRepeated ? event.getKey() : null)
                .setValue(isRepeated ? event.getValue() : null)
                .setStage(stage.name())
                .setCode(reason.code().name())
                .setMessage(message(named(reason, expertId), isRepeated))
                .setGate(reason instanceof GateRefusal refusal ? refusal.report() : null)
                .setTime(time)
                .build();
    }

    private static RejectedException named(RejectedException reason, @Nullable String expertId) {
        boolean isMissing =
                expertId != null && !String.valueOf(reason.getMessage()).contains("'" + expertId + "'");
        return isMissing ? reason.about(new Input("Expert '" + expertId + "'")) : reason;
    }

    private static String message(RejectedException reason, boolean isRepeated) {
        String message = String.valueOf(reason.getMessage());
        return (message.length() <= MessageSizes.MOST_MESSAGE
                        ? message
                        : message.substring(0, MessageSizes.MOST_MESSAGE) + "...")
                + (isRepeated ? "" : " The event is too large to be repeated here; read it at its position.");
    }

    private static int size(@Nullable ByteBuffer bytes) {
        return bytes == null ? 0 : bytes.remaining();
    }

    /** Where an event stands in Kafka. */
    public static Position position(InboundEvent event) {
        return new Position(
                event.getTopic(), event.getPartition(), event.getOffset(), Instant.ofEpochMilli(event.getTimestamp()));
    }
}
