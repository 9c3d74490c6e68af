package dev.koine.events.inband;

import dev.koine.events.CommittedReads;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/**
 * Reads spans of the topic that chunks are on, without a group. Chunks are in no transaction, and are known by their bytes; so open transactions
 * of others hold nothing up. For use by one thread.
 */
final class ArtifactsTopic implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration SILENCE_AT_MOST = Duration.ofSeconds(60);

    /** Little at once and long patience: a broker with a quota lets a client wait as long as what it was given takes by that quota. */
    private static final int FETCHED_AT_ONCE = 2 << 20;

    private static final int FETCHED_OF_A_PARTITION = 1 << 20;
    private static final int ANSWER_WITHIN_MILLIS = 30_000;

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Set<TopicPartition> partitions;

    private ArtifactsTopic(KafkaConsumer<byte[], byte[]> consumer, Set<TopicPartition> partitions) {
        this.consumer = consumer;
        this.partitions = partitions;
    }

    /** Takes the messages of a span. */
    @FunctionalInterface
    interface Reader {
        void read(ConsumerRecord<byte[], byte[]> message) throws IOException;

        /** Whether no more has to be read; asked now and then. */
        default boolean hasEnough() throws IOException {
            return false;
        }
    }

    private interface Call<T> {
        T call() throws IOException;
    }

    /**
     * @param kafka client properties
     * @throws IOException if the broker does not answer, or has no such topic
     */
    static ArtifactsTopic open(Map<?, ?> kafka, String topic, String clientId) throws IOException {
        Map<String, Object> settings = CommittedReads.settings(kafka);
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_uncommitted");
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
        settings.putIfAbsent(ConsumerConfig.CLIENT_ID_CONFIG, clientId);
        settings.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, ANSWER_WITHIN_MILLIS);
        settings.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, FETCHED_AT_ONCE);
        settings.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, FETCHED_OF_A_PARTITION);
        return translated(() -> {
            KafkaConsumer<byte[], byte[]> consumer =
                    new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
            try {
                @Nullable List<PartitionInfo> known = consumer.partitionsFor(topic);
                if (known == null || known.isEmpty()) {
                    throw new IOException(
                            "The broker has no topic " + topic + ". Make it with koine topics, and start koine relay.");
                }
                return new ArtifactsTopic(
                        consumer,
                        known.stream()
                                .map(info -> new TopicPartition(topic, info.partition()))
                                .collect(Collectors.toSet()));
            } catch (IOException | RuntimeException e) {
                consumer.close();
                throw e;
            }
        });
    }

    /** The first offset of each partition. */
    Map<TopicPartition, Long> beginnings() throws IOException {
        return translated(() -> consumer.beginningOffsets(partitions));
    }

    /** The offset after the last of each partition. */
    Map<TopicPartition, Long> ends() throws IOException {
        return translated(() -> consumer.endOffsets(partitions));
    }

    /**
     * Reads spans, each in order.
     *
     * @return of each span what was read, all of it if the reader had not enough before
     * @throws IOException if the broker does not answer for a while, or the offsets are not there any more; some messages may have been read
     */
    Map<TopicPartition, Span> read(Map<TopicPartition, Span> spans, Reader reader) throws IOException {
        return translated(() -> readAll(spans, reader));
    }

    private Map<TopicPartition, Span> readAll(Map<TopicPartition, Span> spans, Reader reader) throws IOException {
        Map<TopicPartition, Span> left = new HashMap<>(spans);
        left.values().removeIf(Span::isEmpty);
        consumer.assign(left.keySet());
        consumer.resume(left.keySet());
        left.forEach((partition, span) -> consumer.seek(partition, span.from()));
        long deadline = System.nanoTime() + SILENCE_AT_MOST.toNanos();
        while (!left.isEmpty() && !reader.hasEnough()) {
            for (ConsumerRecord<byte[], byte[]> message : consumer.poll(POLL)) {
                @Nullable Span span = left.get(new TopicPartition(message.topic(), message.partition()));
                if (span != null && message.offset() < span.to()) {
                    reader.read(message);
                }
                deadline = System.nanoTime() + SILENCE_AT_MOST.toNanos();
            }
            if (left.entrySet()
                    .removeIf(span ->
                            consumer.position(span.getKey()) >= span.getValue().to())) {
                consumer.pause(consumer.assignment());
                consumer.resume(left.keySet());
            }
            if (System.nanoTime() > deadline) {
                throw new IOException("The broker has stopped answering.");
            }
        }
        Map<TopicPartition, Span> read = new HashMap<>(spans);
        left.forEach((partition, span) ->
                read.put(partition, new Span(span.from(), Math.min(span.to(), consumer.position(partition)))));
        return read;
    }

    /** Also where this thread was interrupted. */
    @Override
    public void close() {
        boolean interrupted = Thread.interrupted();
        consumer.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** What Kafka throws is trouble of our own. */
    private static <T> T translated(Call<T> call) throws IOException {
        try {
            return call.call();
        } catch (InterruptException e) {
            InterruptedIOException interrupted = new InterruptedIOException("Interrupted while reading chunks");
            interrupted.initCause(e);
            throw interrupted;
        } catch (KafkaException e) {
            throw new IOException("The topic of chunks cannot be read: " + e.getMessage(), e);
        }
    }
}
