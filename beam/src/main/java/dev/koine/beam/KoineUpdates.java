package dev.koine.beam;

import dev.koine.events.CommittedReads;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Topics;
import java.util.HashMap;
import java.util.Map;
import org.apache.beam.sdk.coders.ByteArrayCoder;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.NullableCoder;
import org.apache.beam.sdk.io.kafka.KafkaIO;
import org.apache.beam.sdk.transforms.Combine;
import org.apache.beam.sdk.transforms.GroupByKey;
import org.apache.beam.sdk.transforms.Impulse;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.WithKeys;
import org.apache.beam.sdk.transforms.windowing.AfterPane;
import org.apache.beam.sdk.transforms.windowing.AfterWatermark;
import org.apache.beam.sdk.transforms.windowing.GlobalWindows;
import org.apache.beam.sdk.transforms.windowing.Repeatedly;
import org.apache.beam.sdk.transforms.windowing.Window;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionView;
import org.apache.beam.sdk.values.TypeDescriptor;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apiguardian.api.API;
import org.joda.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The versions that the merge job announces: all of them, or the newest of each model.
 *
 * <pre>{@code
 * PCollection<ModelUpdate> updates = pipeline.apply(KoineUpdates.read().withBootstrapServers("kafka:9092"));
 * PCollectionView<Map<String, ModelUpdate>> newest = updates.apply(KoineUpdates.latest());
 * }</pre>
 */
@API(status = API.Status.EXPERIMENTAL)
public final class KoineUpdates {
    /** A record without a value takes an update out of a compacted topic. */
    private static final Coder<byte[]> BYTES = NullableCoder.of(ByteArrayCoder.of());

    private KoineUpdates() {}

    /** Reads the topic of updates from its beginning, committed ones only, and goes on with what comes. */
    public static Read read() {
        return new Read(KafkaAccess.none(), Topics.DEFAULT.updates(), null, false);
    }

    /**
     * Keeps the newest update of each model, by model id, as a side input. Elements of the main input wait for the first one on the DirectRunner; where a
     * runner does not have them wait, it is empty until then.
     *
     * <p>This is Beam's pattern of a slowly updating side input in the global window: one pane after each update, each with all models, so that a
     * main input in any windows sees the newest pane. State would be keyed, and every element of the main input would have to be
     * shuffled to its model's key. Which elements already see a new version is decided by processing time, as the pattern has it.
     */
    public static Latest latest() {
        return new Latest();
    }

    /** Keeps the newest update of each model, once the collection has ended. */
    public static Newest newest() {
        return new Newest();
    }

    /** {@link #read}. */
    public static final class Read extends PTransform<PBegin, PCollection<ModelUpdate>> {
        private static final long serialVersionUID = 1L;
        private final KafkaAccess kafka;
        private final String topic;
        private final @Nullable String model;
        private final boolean untilNow;

        private Read(KafkaAccess kafka, String topic, @Nullable String model, boolean untilNow) {
            this.kafka = kafka;
            this.topic = topic;
            this.model = model;
            this.untilNow = untilNow;
        }

        /** Brokers to begin with, as {@code host:port,host:port}. */
        public Read withBootstrapServers(String servers) {
            return new Read(kafka.withBootstrapServers(servers), topic, model, untilNow);
        }

        /** Settings of the Kafka consumer, such as those for TLS, and of a schema registry. */
        public Read withKafkaConfig(Map<String, String> settings) {
            return new Read(kafka.with(settings), topic, model, untilNow);
        }

        /** The topic of updates; {@code koine.updates} if not said. */
        public Read withTopic(String name) {
            return new Read(kafka, name, model, untilNow);
        }

        /** Updates of this model alone. */
        public Read withModel(String id) {
            return new Read(kafka, topic, id, untilNow);
        }

        /** Ends when all is read that is committed when the pipeline starts, so that the pipeline ends, too. */
        public Read untilNow() {
            return new Read(kafka, topic, model, true);
        }

        @Override
        public PCollection<ModelUpdate> expand(PBegin begin) {
            Map<String, Object> settings = new HashMap<>(CommittedReads.settings(kafka.settings()));
            settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
            return begin.apply("Topic", Impulse.create())
                    .apply("Partitions", ParDo.of(new PartitionsFn(kafka, topic, untilNow)))
                    .apply(
                            "Read",
                            KafkaIO.<byte[], byte[]>readSourceDescriptors()
                                    .withBootstrapServers(kafka.bootstrapServers())
                                    .withKeyDeserializerAndCoder(ByteArrayDeserializer.class, BYTES)
                                    .withValueDeserializerAndCoder(ByteArrayDeserializer.class, BYTES)
                                    .withConsumerConfigUpdates(settings)
                                    .withReadCommitted())
                    .apply("Decode", ParDo.of(new DecodeFn(kafka, model)))
                    .setCoder(EventCoder.of(ModelUpdate.class));
        }
    }

    /** {@link #latest}. */
    public static final class Latest
            extends PTransform<PCollection<ModelUpdate>, PCollectionView<Map<String, ModelUpdate>>> {
        private static final long serialVersionUID = 1L;

        private Latest() {}

        @Override
        public PCollectionView<Map<String, ModelUpdate>> expand(PCollection<ModelUpdate> updates) {
            return updates.apply(
                            "EachUpdate",
                            Window.<ModelUpdate>into(new GlobalWindows())
                                    .triggering(Repeatedly.forever(AfterPane.elementCountAtLeast(1)))
                                    .accumulatingFiredPanes()
                                    .withAllowedLateness(Duration.ZERO))
                    .apply("Newest", Combine.globally(new NewestFn()).asSingletonView());
        }
    }

    /** {@link #newest}. */
    public static final class Newest extends PTransform<PCollection<ModelUpdate>, PCollection<ModelUpdate>> {
        private static final long serialVersionUID = 1L;

        private Newest() {}

        @Override
        public PCollection<ModelUpdate> expand(PCollection<ModelUpdate> updates) {
            return updates.apply(
                            "All",
                            Window.<ModelUpdate>into(new GlobalWindows())
                                    .triggering(AfterWatermark.pastEndOfWindow())
                                    .discardingFiredPanes()
                                    .withAllowedLateness(Duration.ZERO))
                    .apply("ByModel", WithKeys.of(ModelUpdate::getModelId).withKeyType(TypeDescriptors.strings()))
                    .apply("OfModel", GroupByKey.create())
                    .apply(
                            "Newest",
                            MapElements.into(TypeDescriptor.of(ModelUpdate.class))
                                    .via(Newest::of))
                    .setCoder(EventCoder.of(ModelUpdate.class));
        }

        private static ModelUpdate of(KV<String, Iterable<ModelUpdate>> ofModel) {
            ModelUpdate newest = ofModel.getValue().iterator().next();
            for (ModelUpdate update : ofModel.getValue()) {
                newest = update.getVersion() > newest.getVersion() ? update : newest;
            }
            return newest;
        }
    }
}
