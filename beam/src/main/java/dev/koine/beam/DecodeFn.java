package dev.koine.beam;

import dev.koine.events.registry.EventFormat;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.UndecodableException;
import java.io.IOException;
import org.apache.beam.sdk.io.kafka.KafkaRecord;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.transforms.DoFn;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Updates of Kafka records. What is none, which no merge job wrote, is passed over, logged and counted, as a subscriber does. */
final class DecodeFn extends DoFn<KafkaRecord<byte[], byte[]>, ModelUpdate> {
    private static final Logger LOG = LoggerFactory.getLogger(DecodeFn.class);
    private static final long serialVersionUID = 1L;
    private final Counter skipped = Metrics.counter(KoineUpdates.class, "skipped");
    private final KafkaAccess kafka;
    private final @Nullable String model;
    private transient EventCodec<ModelUpdate> codec;
    private transient EventFormat format;

    DecodeFn(KafkaAccess kafka, @Nullable String model) {
        this.kafka = kafka;
        this.model = model;
    }

    @Setup
    public void open() {
        codec = EventCodec.of(ModelUpdate.class);
        format = EventFormat.of(kafka.settings());
    }

    @ProcessElement
    public void decode(@Element KafkaRecord<byte[], byte[]> message, OutputReceiver<ModelUpdate> out)
            throws IOException {
        byte @Nullable [] value = message.getKV().getValue();
        if (value == null) {
            return;
        }
        try {
            ModelUpdate update = format.decode(codec, value);
            if (model == null || update.getModelId().equals(model)) {
                out.output(update);
            }
        } catch (UndecodableException e) {
            skipped.inc();
            LOG.warn(
                    "Skipped offset {} of {}-{}, which no merge job wrote: {}",
                    message.getOffset(),
                    message.getTopic(),
                    message.getPartition(),
                    e.getMessage());
        }
    }
}
