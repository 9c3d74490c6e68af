package dev.koine.cli.status;

import dev.koine.events.Outcome;
import dev.koine.schemas.Position;
import dev.koine.schemas.Topics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Events that were sent and of which nothing has become yet. Outcomes of long ago may have been compacted away: an old event does not wait where a
 * later one of its model has an outcome.
 *
 * @param oldest when the first of them was sent
 */
public record Waiting(int events, Optional<Instant> oldest) {
    private static final Duration OUTCOMES_ARE_KEPT = Duration.ofDays(30);
    private static final Duration SILENCE_AT_MOST = Duration.ofSeconds(30);

    private record Place(String topic, int partition, long offset) {
        static Place of(Position position) {
            return new Place(position.getTopic(), position.getPartition(), position.getOffset());
        }
    }

    /** The events of one model in one partition. */
    private record Line(String topic, int partition, String model) {}

    /**
     * Counts them.
     *
     * @param outcomes all that the topics have
     */
    public static Waiting count(Properties kafka, Topics topics, List<Outcome> outcomes) throws IOException {
        Set<Place> answered = new HashSet<>();
        outcomes.forEach(outcome -> answered.add(Place.of(outcome.event())));
        Map<Line, Long> newest = new HashMap<>();
        List<ConsumerRecord<byte[], byte[]>> open = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> event : read(kafka, List.of(topics.models(), topics.experts()))) {
            if (answered.contains(new Place(event.topic(), event.partition(), event.offset()))) {
                newest.merge(line(event), event.offset(), Math::max);
            } else if (event.value() != null) {
                open.add(event);
            }
        }
        long compacted = Instant.now().minus(OUTCOMES_ARE_KEPT).toEpochMilli();
        open.removeIf(event -> event.timestamp() < compacted && newest.getOrDefault(line(event), -1L) > event.offset());
        return new Waiting(
                open.size(),
                open.stream()
                        .map(event -> Instant.ofEpochMilli(event.timestamp()))
                        .min(Instant::compareTo));
    }

    private static Line line(ConsumerRecord<byte[], byte[]> event) {
        String model = event.key() == null ? "" : new String(event.key(), StandardCharsets.UTF_8);
        return new Line(event.topic(), event.partition(), model);
    }

    private static List<ConsumerRecord<byte[], byte[]>> read(Properties kafka, List<String> topics) throws IOException {
        Properties properties = new Properties();
        properties.putAll(kafka);
        properties.put("enable.auto.commit", "false");
        properties.put("allow.auto.create.topics", "false");
        List<ConsumerRecord<byte[], byte[]>> events = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = topics.stream()
                    .flatMap(topic -> consumer.partitionsFor(topic).stream())
                    .map(info -> new TopicPartition(info.topic(), info.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            Instant silentUntil = Instant.now().plus(SILENCE_AT_MOST);
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                int before = events.size();
                consumer.poll(Duration.ofMillis(100)).forEach(events::add);
                if (events.size() > before) {
                    silentUntil = Instant.now().plus(SILENCE_AT_MOST);
                } else if (Instant.now().isAfter(silentUntil)) {
                    throw new IOException("The broker has stopped answering; try again when it is back.");
                }
            }
        } catch (KafkaException e) {
            throw new IOException("The broker does not give the events: " + e.getMessage(), e);
        }
        return events;
    }
}
