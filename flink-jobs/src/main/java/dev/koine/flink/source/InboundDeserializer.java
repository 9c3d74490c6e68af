package dev.koine.flink.source;

import dev.koine.flink.state.InboundEvent;
import java.nio.ByteBuffer;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/** Takes records from Kafka as they are: decoding is {@link DecodeFunction}'s, since a failure here would stop the job. */
public final class InboundDeserializer implements KafkaRecordDeserializationSchema<InboundEvent> {
    private static final long serialVersionUID = 1L;

    @Override
    public void deserialize(ConsumerRecord<byte[], byte[]> consumed, Collector<InboundEvent> out) {
        out.collect(InboundEvent.newBuilder()
                .setTopic(consumed.topic())
                .setPartition(consumed.partition())
                .setOffset(consumed.offset())
                .setTimestamp(consumed.timestamp())
                .setKey(wrap(consumed.key()))
                .setValue(wrap(consumed.value()))
                .build());
    }

    private static @Nullable ByteBuffer wrap(byte @Nullable [] bytes) {
        return bytes == null ? null : ByteBuffer.wrap(bytes);
    }

    @Override
    public TypeInformation<InboundEvent> getProducedType() {
        return new AvroTypeInfo<>(InboundEvent.class);
    }
}
