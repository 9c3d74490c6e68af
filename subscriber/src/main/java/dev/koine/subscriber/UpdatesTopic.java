package dev.koine.subscriber;

import dev.koine.events.CommittedReads;
import dev.koine.events.registry.EventFormat;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.UndecodableException;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The committed updates of one model, from the beginning of the topic. No consumer group: every subscriber sees every update, and
 * nothing about it is kept on the broker. Used by one thread, but for {@link #wakeup}.
 */
final class UpdatesTopic implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(UpdatesTopic.class);
    private static final EventCodec<ModelUpdate> CODEC = EventCodec.of(ModelUpdate.class);
    private static final Duration PARTITIONS_EVERY = Duration.ofSeconds(30);
    private static final int ANSWER_WITHIN_MILLIS = 10_000;
    private static final Duration CATCH_UP_AT_MOST = Duration.ofSeconds(10);

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final EventFormat format;
    private final String topic;
    private final String modelId;
    private final ClockWatch clock;
    private long partitionsCheckedNanos;

    UpdatesTopic(Map<String, Object> consumerProperties, String topic, String modelId) {
        this.consumer = new KafkaConsumer<>(settings(consumerProperties));
        this.format = EventFormat.of(consumerProperties);
        this.topic = topic;
        this.modelId = modelId;
        this.clock = new ClockWatch(InstantSource.system(), System::nanoTime, consumer::wakeup).start();
    }

    /**
     * Waits for updates and returns all that are committed by then, in the order of the topic.
     *
     * @param timeout after which the list is empty
     * @throws org.apache.kafka.common.KafkaException if the topic cannot be followed; open another one and start over. A {@link
     *     org.apache.kafka.common.errors.WakeupException} also where the clock was set back
     */
    List<ModelUpdate> poll(Duration timeout) {
        assign();
        List<ModelUpdate> updates = new ArrayList<>();
        if (pollOnce(timeout, updates) > 0) {
            Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment());
            long deadline = System.nanoTime() + CATCH_UP_AT_MOST.toNanos();
            while (!reached(ends) && System.nanoTime() < deadline) {
                pollOnce(Duration.ofMillis(100), updates);
            }
        }
        return updates;
    }

    /** Makes a call that waits on another thread return with {@link org.apache.kafka.common.errors.WakeupException}. */
    void wakeup() {
        consumer.wakeup();
    }

    @Override
    public void close() {
        clock.close();
        consumer.close();
    }

    private void assign() {
        Set<TopicPartition> assigned = consumer.assignment();
        long now = System.nanoTime();
        if (!assigned.isEmpty() && now - partitionsCheckedNanos < PARTITIONS_EVERY.toNanos()) {
            return;
        }
        partitionsCheckedNanos = now;
        Set<TopicPartition> partitions = new HashSet<>();
        @Nullable List<PartitionInfo> known = consumer.partitionsFor(topic);
        if (known != null) {
            known.forEach(info -> partitions.add(new TopicPartition(topic, info.partition())));
        }
        if (partitions.isEmpty()) {
            throw new UnknownTopicOrPartitionException("There is no topic " + topic + " yet.");
        }
        if (!partitions.equals(assigned)) {
            Set<TopicPartition> added = new HashSet<>(partitions);
            added.removeAll(assigned);
            consumer.assign(partitions);
            consumer.seekToBeginning(added);
        }
    }

    private int pollOnce(Duration timeout, List<ModelUpdate> updates) {
        int records = 0;
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(timeout)) {
            records++;
            ModelUpdate update = decode(record);
            if (update != null && update.getModelId().equals(modelId)) {
                updates.add(update);
            }
        }
        return records;
    }

    private boolean reached(Map<TopicPartition, Long> ends) {
        return ends.entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
    }

    private @Nullable ModelUpdate decode(ConsumerRecord<byte[], byte[]> record) {
        byte[] value = record.value();
        if (value == null) {
            return null;
        }
        try {
            return format.decode(CODEC, value);
        } catch (IOException e) {
            throw new KafkaException(String.valueOf(e.getMessage()), e);
        } catch (UndecodableException e) {
            LOG.warn(
                    "Skipped offset {} of {}-{}: {}",
                    record.offset(),
                    record.topic(),
                    record.partition(),
                    e.getMessage());
            return null;
        }
    }

    private static Map<String, Object> settings(Map<String, Object> given) {
        Map<String, Object> settings = CommittedReads.settings(given);
        settings.putIfAbsent(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, ANSWER_WITHIN_MILLIS);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        settings.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        settings.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        return settings;
    }
}
