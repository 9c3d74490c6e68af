package dev.koine.subscriber;

import dev.koine.broker.EmbeddedBroker;
import dev.koine.engine.store.Bundle;
import dev.koine.events.Bundles;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ModelUpdate;
import dev.koine.testkit.Updates;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Writes updates in transactions, as the merge job does. */
final class Announcer implements AutoCloseable {
    private static final EventCodec<ModelUpdate> CODEC = EventCodec.of(ModelUpdate.class);

    private final KafkaProducer<byte[], byte[]> producer;
    private final String topic;

    Announcer(EmbeddedBroker broker, String topic) {
        this.topic = topic;
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers(), "transactional.id", "announcer-" + topic),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        producer.initTransactions();
    }

    static void createTopic(EmbeddedBroker broker, String topic) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            admin.createTopics(List.of(new NewTopic(topic, Optional.of(2), Optional.empty())))
                    .all()
                    .get();
        }
    }

    static ModelUpdate update(String modelId, long version, Path directory) throws Exception {
        Bundle bundle = Bundle.describe(directory);
        return Updates.of(modelId, version, bundle.digest(), Bundles.toAvro(bundle));
    }

    void announce(ModelUpdate... updates) {
        producer.beginTransaction();
        for (ModelUpdate update : updates) {
            send(update.getModelId(), CODEC.encode(update));
        }
        producer.commitTransaction();
    }

    void announceBytes(String modelId, byte[] value) {
        producer.beginTransaction();
        send(modelId, value);
        producer.commitTransaction();
    }

    void announceAndAbort(ModelUpdate update) {
        producer.beginTransaction();
        send(update.getModelId(), CODEC.encode(update));
        producer.flush();
        producer.abortTransaction();
    }

    @Override
    public void close() {
        producer.close();
    }

    private void send(String modelId, byte[] value) {
        producer.send(new ProducerRecord<>(topic, modelId.getBytes(StandardCharsets.UTF_8), value));
    }
}
