package dev.koine.beam;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.broker.EmbeddedBroker;
import dev.koine.engine.Device;
import dev.koine.events.Bundles;
import dev.koine.events.EventPublisher;
import dev.koine.events.signature.SigningKey;
import dev.koine.schemas.EventCodec;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Topics;
import dev.koine.serving.ServingSettings;
import dev.koine.serving.SharedModels;
import dev.koine.serving.Speech;
import dev.koine.serving.Transcriber;
import dev.koine.testkit.TinyCtc;
import dev.koine.testkit.TinyModel;
import dev.koine.testkit.Updates;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.apache.beam.runners.direct.DirectOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.io.GenerateSequence;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.PeriodicImpulse;
import org.apache.beam.sdk.transforms.windowing.FixedWindows;
import org.apache.beam.sdk.transforms.windowing.Window;
import org.apache.beam.sdk.values.OutputBuilder;
import org.apache.beam.sdk.values.PCollectionTuple;
import org.apache.beam.sdk.values.PCollectionView;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TupleTag;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.joda.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pipelines on the DirectRunner and a broker. */
class TopicsITCase {
    private static final EventCodec<ModelUpdate> UPDATES = EventCodec.of(ModelUpdate.class);

    @TempDir
    static Path brokerDirectory;

    private static EmbeddedBroker broker;
    private static EventPublisher publisher;

    @TempDir
    Path directory;

    @BeforeAll
    static void start() throws Exception {
        broker = EmbeddedBroker.start(brokerDirectory);
        createTopics(
                Topics.DEFAULT.experts(),
                Topics.DEFAULT.updates(),
                "experts.signed",
                "updates.swaps",
                "updates.view",
                "updates.bundle");
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            NewTopic small = new NewTopic("experts.small", Optional.of(1), Optional.empty());
            admin.createTopics(List.of(small.configs(Map.of("max.message.bytes", "500"))))
                    .all()
                    .get();
        }
        publisher = new EventPublisher(kafka());
    }

    @AfterAll
    static void stop() {
        publisher.close();
        broker.close();
    }

    @Test
    void eventsAreSentUnderTheirModelAndWhatCannotBeSentIsADeadLetter() throws Exception {
        Path keys = directory.resolve("key");
        SigningKey.generate().write(keys);
        Path expert = TinyModel.expert(directory.resolve("expert"), 5);
        ExpertEvent sound = event("m1", "ca", Bundles.toAvro(dev.koine.engine.store.Bundle.describe(expert)));
        ExpertEvent nameless = event("", "de", null);
        ExpertEvent large = event("m1", "x".repeat(300_000), null);

        Pipeline pipeline = Pipelines.of(2);
        PCollectionTuple sent = pipeline.apply(Create.of(sound, nameless, large))
                .apply(KoineSubmit.write()
                        .withBootstrapServers(broker.bootstrapServers())
                        .withTopic("experts.signed")
                        .withSigningKey(keys.toString()));
        Collected<SentEvent> done = new Collected<>();
        Collected<SubmitFailure> failed = new Collected<>();
        sent.get(KoineSubmit.SENT).apply("done", ParDo.of(done));
        sent.get(KoineSubmit.FAILED).apply("failed", ParDo.of(failed));
        pipeline.run().waitUntilFinish();

        assertThat(done.all()).hasSize(1);
        List<ConsumerRecord<String, byte[]>> records = records("experts.signed");
        assertThat(records).hasSize(1);
        assertThat(records.get(0).key()).isEqualTo("m1");
        assertThat(records.get(0).offset()).isEqualTo(done.all().get(0).offset);
        ExpertEvent read =
                EventCodec.of(ExpertEvent.class).decode(records.get(0).value());
        assertThat(read.getSignature()).isNotNull();
        read.setSignature(null);
        assertThat(read).isEqualTo(sound);
        assertThat(failed.all())
                .extracting(failure -> failure.expert.substring(0, 1) + " " + failure.code)
                .containsExactlyInAnyOrder("d INVALID_EVENT", "x INVALID_EVENT");
        assertThat(failed.all()).allMatch(failure -> failure.event.contains("\"modelId\""));
    }

    @Test
    void anEventThatTheTopicDoesNotTakeIsADeadLetterThatSaysWhatToRaise() {
        Pipeline pipeline = Pipelines.of(1);
        Collected<SubmitFailure> failed = new Collected<>();
        pipeline.apply(Create.of(event("m1", "x".repeat(1000), null)))
                .apply(KoineSubmit.write()
                        .withBootstrapServers(broker.bootstrapServers())
                        .withTopic("experts.small"))
                .get(KoineSubmit.FAILED)
                .apply(ParDo.of(failed));
        pipeline.run().waitUntilFinish();
        assertThat(failed.all()).hasSize(1);
        assertThat(failed.all().get(0).code).isEqualTo("TOO_LARGE");
        assertThat(failed.all().get(0).message).contains("experts.small").contains("max.message.bytes to 1048588");
    }

    @Test
    void committedUpdatesAreReadAndNothingElse() throws Exception {
        String topic = Topics.DEFAULT.updates();
        ModelUpdate first = update("read", 0);
        publisher.publish(topic, "read", first, ModelUpdate.class);
        Properties properties = kafka();
        properties.put("transactional.id", "job");
        try (KafkaProducer<String, byte[]> job =
                new KafkaProducer<>(properties, new StringSerializer(), new ByteArraySerializer())) {
            job.initTransactions();
            job.beginTransaction();
            job.send(new ProducerRecord<>(topic, "read", UPDATES.encode(update("read", 1))))
                    .get();
            job.abortTransaction();
            job.beginTransaction();
            job.send(new ProducerRecord<>(topic, "read", UPDATES.encode(update("read", 2))))
                    .get();
            job.send(new ProducerRecord<>(topic, "read", "no update".getBytes()))
                    .get();
            job.send(new ProducerRecord<>(topic, "read", null)).get();
            job.send(new ProducerRecord<>(topic, "other", UPDATES.encode(update("other", 7))))
                    .get();
            job.commitTransaction();
        }
        Pipeline pipeline = Pipelines.of(2);
        Collected<ModelUpdate> all = new Collected<>();
        Collected<ModelUpdate> newest = new Collected<>();
        var updates = pipeline.apply(KoineUpdates.read()
                .withBootstrapServers(broker.bootstrapServers())
                .withModel("read")
                .untilNow());
        updates.apply("all", ParDo.of(all));
        updates.apply(KoineUpdates.newest()).apply("newest", ParDo.of(newest));
        pipeline.run().waitUntilFinish();

        assertThat(all.all()).containsExactlyInAnyOrder(first, update("read", 2));
        assertThat(newest.all()).containsExactly(update("read", 2));
    }

    /** The main input is a splittable DoFn as the updates are: the DirectRunner asks no source while one of those has work. */
    @Test
    void theViewHasTheNewestVersionOfEachModelWhileThePipelineRuns() throws Exception {
        DirectOptions options = Pipelines.options(2);
        options.setBlockOnRun(false);
        Pipeline pipeline = Pipeline.create(options);
        PCollectionView<Map<String, ModelUpdate>> newest = pipeline.apply(KoineUpdates.read()
                        .withBootstrapServers(broker.bootstrapServers())
                        .withTopic("updates.view"))
                .apply(KoineUpdates.latest());
        Collected<String> seen = new Collected<>();
        pipeline.apply(PeriodicImpulse.create()
                        .startAt(org.joda.time.Instant.now())
                        .withInterval(Duration.millis(100)))
                .apply(Window.into(FixedWindows.of(Duration.standardSeconds(1))))
                .apply("look", ParDo.of(new LookFn(newest)).withSideInputs(newest))
                .apply("seen", ParDo.of(seen));
        PipelineResult running = pipeline.run();
        try {
            publisher.publish("updates.view", "a", update("a", 3), ModelUpdate.class);
            await(() -> seen.all().contains("a=3"));
            publisher.publish("updates.view", "b", update("b", 0), ModelUpdate.class);
            publisher.publish("updates.view", "a", update("a", 2), ModelUpdate.class);
            publisher.publish("updates.view", "a", update("a", 4), ModelUpdate.class);
            await(() -> seen.all().contains("a=4 b=0"));
        } finally {
            running.cancel();
        }
        List<String> all = seen.all();
        assertThat(all.get(0)).isEqualTo("a=3");
        assertThat(all).doesNotContain("a=2", "a=2 b=0");
    }

    private static final class LookFn extends DoFn<org.joda.time.Instant, String> {
        private static final long serialVersionUID = 1L;
        private final PCollectionView<Map<String, ModelUpdate>> newest;

        LookFn(PCollectionView<Map<String, ModelUpdate>> newest) {
            this.newest = newest;
        }

        @ProcessElement
        public void look(ProcessContext context) {
            List<String> versions = new ArrayList<>();
            context.sideInput(newest).forEach((model, update) -> versions.add(model + "=" + update.getVersion()));
            versions.sort(null);
            context.output(String.join(" ", versions));
        }
    }

    @Test
    void speechIsWrittenDownWithTheVersionThatServesWhileVersionsAreSwapped() throws Exception {
        Map<Long, String> digests = new HashMap<>();
        digests.put(0L, announce("updates.swaps", "swaps", 0, "c"));
        ServingSettings settings = ServingSettings.of(broker.bootstrapServers(), "swaps")
                .withUpdatesTopic("updates.swaps")
                .withCacheDirectory(directory.resolve("cache").toString())
                .withDevice(Device.CPU, 1);
        DirectOptions options = Pipelines.options(3);
        options.setBlockOnRun(false);
        Pipeline pipeline = Pipeline.create(options);
        PCollectionTuple texts = pipeline.apply(GenerateSequence.from(0).withRate(50, Duration.standardSeconds(1)))
                .apply("speak", ParDo.of(new SpeakFn()))
                .apply(KoineTranscribe.with(settings));
        Collected<Transcription> written = new Collected<>();
        Collected<TranscribeFailure> failed = new Collected<>();
        texts.get(KoineTranscribe.TRANSCRIPTIONS).apply("written", ParDo.of(written));
        texts.get(KoineTranscribe.FAILED).apply("failed", ParDo.of(failed));
        PipelineResult running = pipeline.run();
        try {
            for (long version = 0; version < 3; version++) {
                long next = version;
                if (version > 0) {
                    digests.put(version, announce("updates.swaps", "swaps", version, letter(version)));
                }
                await(() -> written.all().stream().anyMatch(text -> text.version == next));
            }
            await(() -> failed.all().size() >= 2);
            assertThat(subscribers("swaps")).hasSize(1);
        } finally {
            running.cancel();
        }
        await(() -> subscribers("swaps").isEmpty());
        assertThat(written.all()).allSatisfy(text -> {
            assertThat(text.text).isEqualTo(letter(text.version));
            assertThat(text.digest).isEqualTo(digests.get(text.version));
        });
        assertThat(written.all()).extracting(text -> text.id).doesNotHaveDuplicates();
        assertThat(failed.all()).allMatch(failure -> failure.id.endsWith("5"));
        assertThat(failed.all().get(0).message).contains("does not take this speech: The features are 2 by 3");
    }

    @Test
    void aBundleHasOneVersionFromItsStartToItsEnd() throws Exception {
        announce("updates.bundle", "bundle", 0, "c");
        ServingSettings settings = ServingSettings.of(broker.bootstrapServers(), "bundle")
                .withUpdatesTopic("updates.bundle")
                .withCacheDirectory(directory.resolve("cache").toString())
                .withDevice(Device.CPU, 1);
        TranscribeFn fn = new TranscribeFn(settings);
        Received received = new Received();
        Utterance utterance = Utterance.of("u", TinyCtc.hearing(2, 0), 2, "de");
        fn.open();
        try (Transcriber other = SharedModels.open(settings)) {
            fn.hold();
            fn.transcribe(utterance, received);
            announce("updates.bundle", "bundle", 1, "d");
            Speech speech = Speech.of(utterance.features, 2, "de");
            long end = System.nanoTime() + java.time.Duration.ofMinutes(2).toNanos();
            while (other.transcribe(speech).version() == 0 && System.nanoTime() < end) {
                Thread.sleep(20);
            }
            fn.transcribe(utterance, received);
            fn.letGo();
            fn.hold();
            fn.transcribe(utterance, received);
            fn.letGo();
        } finally {
            fn.close();
        }
        assertThat(received.versions).containsExactly(0L, 0L, 1L);
        assertThat(subscribers("bundle")).isEmpty();
    }

    /** Takes what a step gives out. */
    private static final class Received implements DoFn.MultiOutputReceiver {
        final List<Long> versions = new ArrayList<>();

        @Override
        public <T> DoFn.OutputReceiver<T> get(TupleTag<T> tag) {
            return new DoFn.OutputReceiver<>() {
                @Override
                public OutputBuilder<T> builder(T value) {
                    throw new UnsupportedOperationException();
                }

                @Override
                public void output(T value) {
                    versions.add(((Transcription) value).version);
                }
            };
        }

        @Override
        public <T> DoFn.OutputReceiver<Row> getRowReceiver(TupleTag<T> tag) {
            throw new UnsupportedOperationException();
        }
    }

    /** Every tenth is no speech. */
    private static final class SpeakFn extends DoFn<Long, Utterance> {
        private static final long serialVersionUID = 1L;

        @ProcessElement
        public void speak(@Element Long number, OutputReceiver<Utterance> out) {
            float[] features = number % 10 == 5 ? new float[6] : TinyCtc.hearing(2, 0);
            out.output(Utterance.of("" + number, features, 2, "de"));
        }
    }

    @Test
    void theExampleSubmitsReadsAndWritesDown() throws Exception {
        Path models = Files.createDirectory(directory.resolve("models"));
        TinyModel.expert(models.resolve("de"), 3);
        announce(Topics.DEFAULT.updates(), "demo", 0, "c");
        String newest = announce(Topics.DEFAULT.updates(), "demo", 1, "d");
        YamlPipeline example = new YamlPipeline(
                Path.of("examples", "stream.yaml"),
                Map.of(
                        "broker", broker.bootstrapServers(),
                        "models", models.toString(),
                        "cache", directory.resolve("cache").toString()));
        Map<String, List<Row>> rows = example.run(Pipelines.of(2));

        assertThat(rows.get("DeadLetters")).hasSize(1);
        assertThat(rows.get("DeadLetters").get(0).getString("expert")).isEqualTo("lost");
        assertThat(rows.get("DeadLetters").get(0).getString("code")).isEqualTo("MISSING_FILE");
        assertThat(rows.get("Versions")).hasSize(1);
        assertThat(rows.get("Versions").get(0).getInt64("version")).isEqualTo(1);
        assertThat(rows.get("Versions").get(0).getString("digest")).isEqualTo(newest);
        assertThat(rows.get("Texts")).hasSize(1);
        assertThat(rows.get("Texts").get(0).getString("text")).isEqualTo("d");
        assertThat(rows.get("Texts").get(0).getString("digest")).isEqualTo(newest);
        ExpertEvent event = EventCodec.of(ExpertEvent.class)
                .decode(records(Topics.DEFAULT.experts()).get(0).value());
        assertThat(List.of(event.getModelId(), event.getExpertId(), "" + event.getRevision()))
                .containsExactly("demo", "de", "2");
        assertThat(event.getBundle())
                .isEqualTo(Bundles.toAvro(dev.koine.engine.store.Bundle.describe(models.resolve("de"))));
    }

    private String announce(String topic, String model, long version, String letter) throws Exception {
        ModelUpdate update = Updates.of(model, version, TinyCtc.saying(letter, directory.resolve(model + version)));
        publisher.publish(topic, model, update, ModelUpdate.class);
        return update.getDigest();
    }

    private static String letter(long version) {
        return Character.toString('c' + (int) version);
    }

    private static ModelUpdate update(String model, long version) {
        return Updates.of(
                model, version, "sha256:" + "0".repeat(64), new dev.koine.schemas.Bundle("file:///x/", List.of()));
    }

    private static ExpertEvent event(String model, String expert, dev.koine.schemas.@Nullable Bundle bundle) {
        return ExpertEvent.newBuilder()
                .setAction(ExpertAction.MERGE)
                .setModelId(model)
                .setExpertId(expert)
                .setBundle(bundle)
                .setTime(Instant.ofEpochMilli(5))
                .build();
    }

    private static Set<String> subscribers(String model) {
        Set<String> names = new HashSet<>();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().contains("koine-subscriber-" + model)) {
                names.add(thread.getName() + thread.getId());
            }
        }
        return names;
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + java.time.Duration.ofMinutes(5).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("five minutes have passed").isLessThan(end);
            Thread.sleep(50);
        }
    }

    private static List<ConsumerRecord<String, byte[]>> records(String topic) {
        Properties properties = kafka();
        properties.put("auto.offset.reset", "earliest");
        try (KafkaConsumer<String, byte[]> consumer =
                new KafkaConsumer<>(properties, new StringDeserializer(), new ByteArrayDeserializer())) {
            TopicPartition partition = new TopicPartition(topic, 0);
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
            List<ConsumerRecord<String, byte[]>> records = new ArrayList<>();
            while (consumer.position(partition) < end) {
                consumer.poll(java.time.Duration.ofMillis(100)).forEach(records::add);
            }
            return records;
        }
    }

    private static void createTopics(String... names) throws Exception {
        List<NewTopic> topics = new ArrayList<>();
        for (String name : names) {
            topics.add(new NewTopic(name, Optional.of(1), Optional.empty()));
        }
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            admin.createTopics(topics).all().get();
        }
    }

    private static Properties kafka() {
        Properties kafka = new Properties();
        kafka.put("bootstrap.servers", broker.bootstrapServers());
        return kafka;
    }
}
