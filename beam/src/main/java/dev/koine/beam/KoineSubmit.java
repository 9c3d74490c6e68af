package dev.koine.beam;

import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.Topics;
import java.util.Map;
import org.apache.beam.sdk.transforms.Flatten;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.Reshuffle;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionList;
import org.apache.beam.sdk.values.PCollectionTuple;
import org.apache.beam.sdk.values.TupleTag;
import org.apache.beam.sdk.values.TupleTagList;
import org.apiguardian.api.API;
import org.jspecify.annotations.Nullable;

/**
 * Sends expert events to the merge job: to the topic of experts, keyed by model id, as {@code koine submit} does.
 *
 * <pre>{@code
 * PCollectionTuple sent = submissions.apply(KoineSubmit.folders().withBootstrapServers("kafka:9092"));
 * PCollection<SubmitFailure> deadLetters = sent.get(KoineSubmit.FAILED);
 * }</pre>
 *
 * <p>What cannot be sent however often it is tried is a dead letter ({@link #FAILED}): no folder, no model in it, too large an event. Trouble with
 * the broker fails the bundle, and the runner tries it again. An event that a retry sends twice is the same event to the merge job, which
 * knows it by model, expert and revision: the second is rejected as DUPLICATE and changes nothing.
 */
@API(status = API.Status.EXPERIMENTAL)
public final class KoineSubmit {
    /** What the broker has. */
    public static final TupleTag<SentEvent> SENT = new TupleTag<>() {};

    /** What was not sent, and why. */
    public static final TupleTag<SubmitFailure> FAILED = new TupleTag<>() {};

    static final TupleTag<ExpertEvent> EVENTS = new TupleTag<>() {};

    private KoineSubmit() {}

    /** Sends events. */
    public static Write write() {
        return new Write(KafkaAccess.none(), Topics.DEFAULT.experts(), null);
    }

    /** Hashes folders, which reads every byte of them, and sends an event for each. */
    public static Folders folders() {
        return new Folders(write());
    }

    /** {@link #write}. */
    public static final class Write extends PTransform<PCollection<ExpertEvent>, PCollectionTuple> {
        private static final long serialVersionUID = 1L;
        private final KafkaAccess kafka;
        private final String topic;
        private final @Nullable String signingKey;

        private Write(KafkaAccess kafka, String topic, @Nullable String signingKey) {
            this.kafka = kafka;
            this.topic = topic;
            this.signingKey = signingKey;
        }

        /** Brokers to begin with, as {@code host:port,host:port}. */
        public Write withBootstrapServers(String servers) {
            return new Write(kafka.withBootstrapServers(servers), topic, signingKey);
        }

        /** Settings of the Kafka producer, such as those for TLS, and of a schema registry. */
        public Write withKafkaConfig(Map<String, String> settings) {
            return new Write(kafka.with(settings), topic, signingKey);
        }

        /** The topic of experts; {@code koine.experts} if not said. */
        public Write withTopic(String name) {
            return new Write(kafka, name, signingKey);
        }

        /** Signs events with the key in this file, which {@code koine keys new} has made and every worker has. */
        public Write withSigningKey(String file) {
            return new Write(kafka, topic, file);
        }

        @Override
        public PCollectionTuple expand(PCollection<ExpertEvent> events) {
            kafka.bootstrapServers();
            return events.apply("Settle", Reshuffle.viaRandomKey())
                    .apply(
                            "Send",
                            ParDo.of(new SendFn(kafka, topic, signingKey))
                                    .withOutputTags(SENT, TupleTagList.of(FAILED)));
        }
    }

    /** {@link #folders}. */
    public static final class Folders extends PTransform<PCollection<Submission>, PCollectionTuple> {
        private static final long serialVersionUID = 1L;
        private final Write write;

        private Folders(Write write) {
            this.write = write;
        }

        /** As {@link Write#withBootstrapServers}. */
        public Folders withBootstrapServers(String servers) {
            return new Folders(write.withBootstrapServers(servers));
        }

        /** As {@link Write#withKafkaConfig}. */
        public Folders withKafkaConfig(Map<String, String> settings) {
            return new Folders(write.withKafkaConfig(settings));
        }

        /** As {@link Write#withTopic}. */
        public Folders withTopic(String name) {
            return new Folders(write.withTopic(name));
        }

        /** As {@link Write#withSigningKey}. */
        public Folders withSigningKey(String file) {
            return new Folders(write.withSigningKey(file));
        }

        @Override
        public PCollectionTuple expand(PCollection<Submission> submissions) {
            PCollectionTuple described = submissions.apply(
                    "Describe", ParDo.of(new DescribeFn()).withOutputTags(EVENTS, TupleTagList.of(FAILED)));
            PCollectionTuple sent = described.get(EVENTS).apply("Write", write);
            PCollection<SubmitFailure> failed = PCollectionList.of(described.get(FAILED))
                    .and(sent.get(FAILED))
                    .apply("Failed", Flatten.pCollections());
            return PCollectionTuple.of(SENT, sent.get(SENT)).and(FAILED, failed);
        }
    }
}
