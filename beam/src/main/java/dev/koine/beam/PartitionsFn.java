package dev.koine.beam;

import dev.koine.events.CommittedReads;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.io.kafka.KafkaSourceDescriptor;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/** Looks up the partitions of a topic; where reading is to end, also what is committed by now. */
final class PartitionsFn extends DoFn<byte[], KafkaSourceDescriptor> {
    private static final long serialVersionUID = 1L;
    private final KafkaAccess kafka;
    private final String topic;
    private final boolean untilNow;

    PartitionsFn(KafkaAccess kafka, String topic, boolean untilNow) {
        this.kafka = kafka;
        this.topic = topic;
        this.untilNow = untilNow;
    }

    @ProcessElement
    public void look(OutputReceiver<KafkaSourceDescriptor> out) throws IOException {
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                CommittedReads.settings(kafka.settings()), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = partitions(consumer);
            Map<TopicPartition, Long> starts = consumer.beginningOffsets(partitions);
            Map<TopicPartition, Long> ends = untilNow ? consumer.endOffsets(partitions) : new HashMap<>();
            for (TopicPartition partition : partitions) {
                @Nullable Long end = ends.get(partition);
                if (end == null || end > starts.getOrDefault(partition, 0L)) {
                    out.output(KafkaSourceDescriptor.of(partition, starts.get(partition), null, end, null, null));
                }
            }
        } catch (KafkaException e) {
            throw new IOException("The broker does not say what " + topic + " has: " + e.getMessage(), e);
        }
    }

    private List<TopicPartition> partitions(KafkaConsumer<byte[], byte[]> consumer) throws IOException {
        @Nullable List<PartitionInfo> known = consumer.partitionsFor(topic);
        if (known == null || known.isEmpty()) {
            throw new IOException("The broker has no topic " + topic + "; is the merge job set up there?");
        }
        return known.stream()
                .map(info -> new TopicPartition(topic, info.partition()))
                .toList();
    }
}
