package dev.koine.events;

import dev.koine.events.registry.EventFormat;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Position;
import dev.koine.schemas.Rejection;
import dev.koine.schemas.Topics;
import dev.koine.schemas.UndecodableException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads updates and rejections, committed ones only; what is neither is skipped. Starts where the topics ended when it was
 * made, so that nothing that comes after is missed. For use by one thread.
 */
public final class OutcomeReader implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OutcomeReader.class);
    private static final Duration SILENCE_AT_MOST = Duration.ofSeconds(30);
    private static final Duration POLL = Duration.ofMillis(100);

    private final EventCodec<ModelUpdate> updates = EventCodec.of(ModelUpdate.class);
    private final EventCodec<Rejection> rejections = EventCodec.of(Rejection.class);
    private final EventFormat format;
    private final Topics topics;
    private final KafkaConsumer<byte[], byte[]> consumer;

    /**
     * @param kafka client properties; {@link EventFormat} reads those of a schema registry
     * @throws IOException if the broker does not answer, or has no such topics
     */
    public OutcomeReader(Properties kafka, Topics topics) throws IOException {
        this.topics = topics;
        this.format = EventFormat.of(kafka);
        this.consumer = open(kafka);
        try {
            List<TopicPartition> partitions = new ArrayList<>();
            for (String topic : List.of(topics.updates(), topics.rejections())) {
                consumer.partitionsFor(topic)
                        .forEach(info -> partitions.add(new TopicPartition(info.topic(), info.partition())));
            }
            if (partitions.isEmpty()) {
                consumer.close();
                throw new IOException(
                        "The broker has no topic " + topics.updates() + "; is the merge job set up there?");
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

    /** Everything from the beginning up to now, each topic in order. */
    public List<Outcome> readAll() throws IOException {
        consumer.seekToBeginning(consumer.assignment());
        Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment());
        List<Outcome> outcomes = new ArrayList<>();
        Instant silentUntil = Instant.now().plus(SILENCE_AT_MOST);
        while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
            List<Outcome> more = poll();
            outcomes.addAll(more);
            if (!more.isEmpty()) {
                silentUntil = Instant.now().plus(SILENCE_AT_MOST);
            } else if (Instant.now().isAfter(silentUntil)) {
                throw new IOException("The broker has stopped answering; try again when it is back.");
            }
        }
        return outcomes;
    }

    /**
     * Waits for what becomes of an event.
     *
     * @return empty if nothing did within the time
     * @throws IOException as {@link #poll}
     */
    public Optional<Outcome> await(Position event, Duration timeout) throws IOException {
        Instant deadline = Instant.now().plus(timeout);
        while (Instant.now().isBefore(deadline)) {
            Optional<Outcome> found = poll().stream()
                    .filter(outcome -> isSame(outcome.event(), event))
                    .findFirst();
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    /**
     * What was committed since the last reading or else since this was made, each topic in order; waits a moment if that is nothing.
     *
     * @throws IOException if a schema registry that is asked for does not answer; read on with another reader
     */
    public List<Outcome> poll() throws IOException {
        List<Outcome> outcomes = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> message : consumer.poll(POLL)) {
            byte[] value = message.value();
            if (value == null) {
                continue;
            }
            try {
                outcomes.add(
                        message.topic().equals(topics.updates())
                                ? new Outcome.Updated(format.decode(updates, value))
                                : new Outcome.Rejected(format.decode(rejections, value)));
            } catch (UndecodableException e) {
                LOG.warn(
                        "Skipped offset {} of {}-{}, which no merge job wrote: {}",
                        message.offset(),
                        message.topic(),
                        message.partition(),
                        e.getMessage());
            }
        }
        return outcomes;
    }

    private static boolean isSame(Position a, Position b) {
        return a.getTopic().equals(b.getTopic())
                && a.getPartition() == b.getPartition()
                && a.getOffset() == b.getOffset();
    }

    @Override
    public void close() {
        consumer.close();
    }
}
