package dev.koine.e2e.services;

import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** Announces versions in transactions, as the merge job does: each until it is committed, under two models' names for two ways to the store. */
final class Publisher implements AutoCloseable {
    private static final EventCodec<ModelUpdate> CODEC = EventCodec.of(ModelUpdate.class);

    private final String broker;
    private final BreakableStore store;
    private final List<BreakableStore.Place> places;
    private final Map<String, Integer> counts = new TreeMap<>();
    private @Nullable KafkaProducer<byte[], byte[]> producer;
    private long next;
    private long newestGood = -1;
    private volatile boolean closed;

    /** @param places of the store */
    Publisher(String broker, BreakableStore store, List<BreakableStore.Place> places) {
        this.broker = broker;
        this.store = store;
        this.places = List.copyOf(places);
    }

    /** Announces the next version, {@link Content#GOOD} or not; one that is {@link Content#ABORTED} once so, and then as a good one. */
    synchronized long publish(String answer) throws Exception {
        long version = next++;
        counts.merge(answer, 1, Integer::sum);
        if (answer.equals(Content.ABORTED)) {
            send(store.put(version, answer, version + "-aborted", places), false);
        }
        String told = answer.equals(Content.ABORTED) ? Content.GOOD : answer;
        send(store.put(version, told, String.valueOf(version), places), true);
        if (told.equals(Content.GOOD)) {
            newestGood = version;
        }
        return version;
    }

    synchronized long newestGood() {
        return newestGood;
    }

    synchronized Map<String, Integer> counts() {
        return new TreeMap<>(counts);
    }

    private void send(List<ModelUpdate> updates, boolean commits) throws InterruptedException {
        while (!closed) {
            try {
                KafkaProducer<byte[], byte[]> open = opened();
                open.beginTransaction();
                for (ModelUpdate update : updates) {
                    open.send(new ProducerRecord<>(
                            Topics.DEFAULT.updates(),
                            update.getModelId().getBytes(StandardCharsets.UTF_8),
                            CODEC.encode(update)));
                }
                if (commits) {
                    open.commitTransaction();
                } else {
                    open.flush();
                    open.abortTransaction();
                }
                return;
            } catch (KafkaException away) {
                drop();
                Thread.sleep(200);
            }
        }
    }

    private KafkaProducer<byte[], byte[]> opened() {
        @Nullable KafkaProducer<byte[], byte[]> open = producer;
        if (open == null) {
            open = new KafkaProducer<>(
                    Map.of(
                            "bootstrap.servers", broker,
                            "transactional.id", "services-chaos",
                            "max.block.ms", 8000,
                            "request.timeout.ms", 4000,
                            "delivery.timeout.ms", 8000,
                            "transaction.timeout.ms", 20000),
                    new ByteArraySerializer(),
                    new ByteArraySerializer());
            producer = open;
            open.initTransactions();
        }
        return open;
    }

    private void drop() {
        if (producer != null) {
            producer.close(Duration.ZERO);
            producer = null;
        }
    }

    @Override
    public void close() {
        closed = true;
        synchronized (this) {
            drop();
        }
    }
}
