package dev.koine.flink.sink;

import dev.koine.schemas.EventCodec;
import java.nio.charset.StandardCharsets;
import org.apache.avro.specific.SpecificRecord;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.util.function.SerializableFunction;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Writes events in Avro single-object encoding.
 *
 * @param <T> the record
 */
public final class EventSerializer<T extends SpecificRecord> implements KafkaRecordSerializationSchema<T> {
    private static final long serialVersionUID = 1L;

    private final String topic;
    private final Class<T> type;
    private final SerializableFunction<T, @Nullable String> modelId;
    private transient @Nullable EventCodec<T> codec;

    /** @param modelId the record's key */
    public EventSerializer(String topic, Class<T> type, SerializableFunction<T, @Nullable String> modelId) {
        this.topic = topic;
        this.type = type;
        this.modelId = modelId;
    }

    @Override
    public ProducerRecord<byte[], byte[]> serialize(T event, KafkaSinkContext context, @Nullable Long timestamp) {
        if (codec == null) {
            codec = EventCodec.of(type);
        }
        @Nullable String key = modelId.apply(event);
        return new ProducerRecord<>(
                topic, key == null ? null : key.getBytes(StandardCharsets.UTF_8), codec.encode(event));
    }
}
