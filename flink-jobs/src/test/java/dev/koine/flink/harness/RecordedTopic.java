package dev.koine.flink.harness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The records of a topic, in a file with a line each: partition, offset, timestamp, and in Base64 key and value.
 *
 * @param records ordered by partition and offset
 */
public record RecordedTopic(String topic, List<Line> records) {

    public record Line(int partition, long offset, long timestamp, byte[] key, byte[] value) {}

    /** What a broker has, committed records only. */
    public static RecordedTopic fetch(Properties kafka, String topic) {
        Properties properties = new Properties();
        properties.putAll(kafka);
        properties.put("isolation.level", "read_committed");
        List<Line> lines = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(consumer.partitionsFor(topic).stream()
                    .map(info -> new TopicPartition(topic, info.partition()))
                    .toList());
            consumer.seekToBeginning(consumer.assignment());
            var ends = consumer.endOffsets(consumer.assignment());
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                for (ConsumerRecord<byte[], byte[]> found : consumer.poll(Duration.ofMillis(100))) {
                    lines.add(
                            new Line(found.partition(), found.offset(), found.timestamp(), found.key(), found.value()));
                }
            }
        }
        lines.sort(Comparator.comparing(Line::partition).thenComparing(Line::offset));
        return new RecordedTopic(topic, lines);
    }

    /** Reads what {@link #write} wrote. */
    public static RecordedTopic read(Path folder, String topic, Replacement replacement) throws IOException {
        List<Line> lines = new ArrayList<>();
        for (String line : Files.readAllLines(folder.resolve(topic + ".tsv"), StandardCharsets.US_ASCII)) {
            String[] parts = line.split("\t");
            lines.add(new Line(
                    Integer.parseInt(parts[0]),
                    Long.parseLong(parts[1]),
                    Long.parseLong(parts[2]),
                    Base64.getDecoder().decode(parts[3]),
                    replacement.in(Base64.getDecoder().decode(parts[4]))));
        }
        return new RecordedTopic(topic, lines);
    }

    public void write(Path folder, Replacement replacement) throws IOException {
        List<String> lines = records.stream()
                .map(line -> String.join(
                        "\t",
                        String.valueOf(line.partition()),
                        String.valueOf(line.offset()),
                        String.valueOf(line.timestamp()),
                        Base64.getEncoder().encodeToString(line.key()),
                        Base64.getEncoder().encodeToString(replacement.in(line.value()))))
                .toList();
        Files.write(Files.createDirectories(folder).resolve(topic + ".tsv"), lines, StandardCharsets.US_ASCII);
    }

    /**
     * Fills an empty topic.
     *
     * @param sameOffsets whether each record has to come to stand where it stood; what a transaction wrote has gaps and cannot
     */
    public void refill(Properties kafka, boolean sameOffsets) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(kafka, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (Line line : records) {
                long offset = producer.send(new ProducerRecord<>(
                                topic, line.partition(), line.timestamp(), line.key(), line.value()))
                        .get()
                        .offset();
                if (sameOffsets) {
                    assertThat(offset).isEqualTo(line.offset());
                }
            }
        }
    }
}
