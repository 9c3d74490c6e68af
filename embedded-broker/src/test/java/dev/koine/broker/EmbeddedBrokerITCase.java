package dev.koine.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedBrokerITCase {
    @TempDir
    Path directory;

    @Test
    void keepsCommittedRecordsOverARestart() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory)) {
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
                admin.createTopics(List.of(new NewTopic("t", Optional.of(1), Optional.empty())))
                        .all()
                        .get();
            }
            Map<String, Object> settings =
                    Map.of("bootstrap.servers", broker.bootstrapServers(), "transactional.id", "writer");
            try (KafkaProducer<String, String> producer =
                    new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
                producer.initTransactions();
                producer.beginTransaction();
                producer.send(new ProducerRecord<>("t", "k", "committed"));
                producer.commitTransaction();
            }
        }

        try (EmbeddedBroker broker = EmbeddedBroker.start(directory)) {
            assertThat(read(broker)).containsExactly("committed");
        }
    }

    @Test
    void saysThatThePortIsTaken() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("first"))) {
            assertThatThrownBy(() -> EmbeddedBroker.start(directory.resolve("second"), broker.port()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("is taken");
        }
    }

    private static List<String> read(EmbeddedBroker broker) {
        Map<String, Object> settings =
                Map.of("bootstrap.servers", broker.bootstrapServers(), "isolation.level", "read_committed");
        try (KafkaConsumer<String, String> consumer =
                new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            TopicPartition partition = new TopicPartition("t", 0);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            List<String> values = new ArrayList<>();
            consumer.poll(Duration.ofSeconds(10)).forEach(record -> values.add(record.value()));
            return values;
        }
    }
}
