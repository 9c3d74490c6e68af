package dev.koine.flink.sink;

import dev.koine.events.registry.EventFormat;
import dev.koine.schemas.EventCodec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.util.function.SerializableFunction;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Writes events as {@link EventFormat} has them.
 *
 * @param <T> the record
 */
public final class EventSerializer<T extends SpecificRecord> implements KafkaRecordSerializationSchema<T> {
    private static final long serialVersionUID = 1L;

    private final String topic;
    private final Class<T> type;
    private final SerializableFunction<T, @Nullable String> modelId;
    private final HashMap<String, String> clientProperties;
    private transient @Nullable EventCodec<T> codec;
    private transient @Nullable EventFormat format;

    /**
     * @param modelId the record's key
     * @param clientProperties of the producer
     */
    public EventSerializer(
            String topic,
            Class<T> type,
            SerializableFunction<T, @Nullable String> modelId,
            Map<String, String> clientProperties) {
        this.clientProperties = new HashMap<>(clientProperties);
        this.topic = topic;
        this.type = type;
        this.modelId = modelId;
    }

    @Override
    public ProducerRecord<byte[], byte[]> serialize(T event, KafkaSinkContext context, @Nullable Long timestamp) {
        if (codec == null || format == null) {
            codec = EventCodec.of(type);
            format = EventFormat.of(clientProperties);
        }
        @Nullable String key = modelId.apply(event);
        try {
            return new ProducerRecord<>(
                    topic,
                    key == null ? null : key.getBytes(StandardCharsets.UTF_8),
                    format.encode(codec, topic, event));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
