package dev.koine.events;

import dev.koine.events.registry.EventFormat;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.Position;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;

/** Writes events to Kafka, keyed by model id, and waits until the broker has them. */
public final class EventPublisher implements AutoCloseable {
    private final KafkaProducer<String, byte[]> producer;
    private final EventFormat format;

    /** @param kafka client properties; {@link EventFormat} reads those of a schema registry */
    public EventPublisher(Properties kafka) {
        format = EventFormat.of(kafka);
        Properties properties = new Properties();
        properties.putAll(kafka);
        properties.remove("default.api.timeout.ms");
        properties.putIfAbsent("max.block.ms", "15000");
        properties.putIfAbsent("request.timeout.ms", "10000");
        properties.putIfAbsent("delivery.timeout.ms", "30000");
        properties.put("acks", "all");
        properties.put("enable.idempotence", "true");
        this.producer = new KafkaProducer<>(properties, new StringSerializer(), new ByteArraySerializer());
    }

    /**
     * Writes one event.
     *
     * @return where it stands
     * @throws IOException if the broker does not confirm it, or a schema registry that is asked for does not answer
     */
    public <T extends SpecificRecord> Position publish(String topic, String modelId, T event, Class<T> type)
            throws IOException {
        return publish(topic, modelId, format.encode(EventCodec.of(type), topic, event));
    }

    /** Writes bytes as they are. */
    public Position publish(String topic, String modelId, byte[] value) throws IOException {
        try {
            RecordMetadata written =
                    producer.send(new ProducerRecord<>(topic, modelId, value)).get();
            return new Position(
                    written.topic(), written.partition(), written.offset(), Instant.ofEpochMilli(written.timestamp()));
        } catch (ExecutionException e) {
            throw new IOException("The broker did not take the event: " + reason(e.getCause()), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("Interrupted while writing an event", e);
        }
    }

    /** Why the broker did not take an event, with what to do about it where that is known. */
    static String reason(@Nullable Throwable cause) {
        if (cause instanceof InvalidTimestampException) {
            return "its time, " + Instant.now().truncatedTo(ChronoUnit.SECONDS)
                    + " by the clock of this machine, is too far from"
                    + " the broker's. Set the clocks of both right and send it again. (" + cause.getMessage() + ")";
        }
        return cause == null ? "it does not say why" : String.valueOf(cause.getMessage());
    }

    /** Closes at once: what is being written fails, also where the clock was set back and a time limit would not end. */
    public void abort() {
        producer.close(Duration.ZERO);
    }

    @Override
    public void close() {
        producer.close();
    }
}
