package dev.koine.events;

import dev.koine.events.registry.EventFormat;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.UndecodableException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads all partitions of some topics, committed records alone, from where they ended when it was made. For use by one thread. */
final class TopicReader implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TopicReader.class);
    private static final Duration SILENCE_AT_MOST = Duration.ofSeconds(30);
    private static final Duration POLL = Duration.ofMillis(100);

    private final KafkaConsumer<byte[], byte[]> consumer;

    /**
     * @param kafka client properties
     * @throws IOException if the broker does not answer
     */
    TopicReader(Properties kafka, List<String> topics) throws IOException {
        this.consumer = open(kafka);
        try {
            List<TopicPartition> partitions = new ArrayList<>();
            for (String topic : topics) {
                consumer.partitionsFor(topic)
                        .forEach(info -> partitions.add(new TopicPartition(info.topic(), info.partition())));
            }
            consumer.assign(partitions);
            consumer.seekToEnd(partitions);
            partitions.forEach(consumer::position);
        } catch (KafkaException e) {
            consumer.close();
            throw silent(kafka, e);
        }
    }

    private static KafkaConsumer<byte[], byte[]> open(Properties kafka) throws IOException {
        try {
            return new KafkaConsumer<>(
                    CommittedReads.settings(kafka), new ByteArrayDeserializer(), new ByteArrayDeserializer());
        } catch (KafkaException e) {
            throw silent(kafka, e);
        }
    }

    private static IOException silent(Properties kafka, KafkaException e) {
        Throwable said = e.getCause() == null ? e : e.getCause();
        String hint = e instanceof TimeoutException
                ? " Does it run, is that its port, and do the client's settings name the security.protocol that it wants?"
                : "";
        String message = String.valueOf(said.getMessage());
        return new IOException(
                "The broker at " + kafka.get("bootstrap.servers") + " does not answer: " + message
                        + (message.endsWith(".") ? "" : ".") + hint,
                e);
    }

    /** Whether the broker has none of the topics. */
    boolean isEmpty() {
        return consumer.assignment().isEmpty();
    }

    /** Everything from the beginning up to now, each topic in order. */
    List<ConsumerRecord<byte[], byte[]>> readAll() throws IOException {
        List<ConsumerRecord<byte[], byte[]>> all = new ArrayList<>();
        if (isEmpty()) {
            return all;
        }
        consumer.seekToBeginning(consumer.assignment());
        Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment());
        Instant silentUntil = Instant.now().plus(SILENCE_AT_MOST);
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            ConsumerRecords<byte[], byte[]> more = poll();
            more.forEach(all::add);
            if (!more.isEmpty()) {
                silentUntil = Instant.now().plus(SILENCE_AT_MOST);
            } else if (Instant.now().isAfter(silentUntil)) {
                throw new IOException("The broker has stopped answering; try again when it is back.");
            }
        }
        return all;
    }

    /** What was committed since the last reading or else since this was made; waits a moment if that is nothing. */
    ConsumerRecords<byte[], byte[]> poll() {
        return consumer.poll(POLL);
    }

    /**
     * The event in a message; empty, with a line in the log, where it holds none, and empty where it takes another away.
     *
     * @throws IOException if a schema registry that is asked for does not answer
     */
    static <T extends SpecificRecord> Optional<T> decoded(
            ConsumerRecord<byte[], byte[]> message, EventFormat format, EventCodec<T> codec) throws IOException {
        if (message.value() == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(format.decode(codec, message.value()));
        } catch (UndecodableException e) {
            LOG.warn(
                    "Skipped offset {} of {}-{}, which Koine did not write: {}",
                    message.offset(),
                    message.topic(),
                    message.partition(),
                    e.getMessage());
            return Optional.empty();
        }
    }

    @Override
    public void close() {
        consumer.close();
    }
}
