package dev.koine.flink.sink;

import dev.koine.engine.RejectedException;
import dev.koine.flink.state.InboundEvent;
import dev.koine.schemas.Position;
import dev.koine.schemas.Rejection;
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
     * The rejection of an event.
     *
     * @param expertId null where the event is no decodable expert event
     */
    public static Rejection of(InboundEvent event, @Nullable String expertId, Stage stage, RejectedException reason) {
        return Rejection.newBuilder()
                .setModelId(event.getModelId())
                .setExpertId(expertId)
                .setPosition(position(event))
                .setKey(event.getKey())
                .setValue(event.getValue())
                .setStage(stage.name())
                .setCode(reason.code().name())
                .setMessage(reason.getMessage())
                .setTime(Instant.now())
                .build();
    }

    /** Where an event stands in Kafka. */
    public static Position position(InboundEvent event) {
        return new Position(
                event.getTopic(), event.getPartition(), event.getOffset(), Instant.ofEpochMilli(event.getTimestamp()));
    }
}
