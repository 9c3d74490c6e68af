package dev.koine.flink.sink;

import dev.koine.engine.Input;
import dev.koine.engine.RejectedException;
import dev.koine.flink.events.MessageSizes;
import dev.koine.flink.state.InboundEvent;
import dev.koine.schemas.Position;
import dev.koine.schemas.Rejection;
import java.nio.ByteBuffer;
import java.time.Instant;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.util.OutputTag;
import org.jspecify.annotations.Nullable;

/** Refused events, on a side output of every stage. */
public final class Rejections {

    /** The side output that rejections leave a stage by. */
    public static final OutputTag<Rejection> TAG = new OutputTag<>("rejections", new AvroTypeInfo<>(Rejection.class));

    private Rejections() {}

    /**
     * The rejection of an event. Its message names the expert that the event is about, whoever wrote it.
     *
     * @param expertId null where the event is no decodable expert event
     */
    public static Rejection of(InboundEvent event, @Nullable String expertId, Stage stage, RejectedException reason) {
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
                .setTime(Instant.now())
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
