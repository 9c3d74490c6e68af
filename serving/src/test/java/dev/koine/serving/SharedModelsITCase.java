package dev.koine.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.koine.broker.EmbeddedBroker;
import dev.koine.engine.Device;
import dev.koine.engine.store.BundleSource;
import dev.koine.events.EventPublisher;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Topics;
import dev.koine.speech.quarantine.QuarantineLimits;
import dev.koine.testkit.Fixtures;
import dev.koine.testkit.TinyCtc;
import dev.koine.testkit.TinyOnnx;
import dev.koine.testkit.Updates;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

class SharedModelsITCase {
    private static final String UPDATES = Topics.DEFAULT.updates();
    private static final Speech A = Speech.of(TinyCtc.hearing(2, 0), 2, "de");

    @TempDir
    static Path brokerDirectory;

    private static EmbeddedBroker broker;
    private static EventPublisher publisher;

    @TempDir
    Path directory;

    private String model;

    @BeforeAll
    static void start() throws Exception {
        broker = EmbeddedBroker.start(brokerDirectory);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            admin.createTopics(List.of(new NewTopic(UPDATES, Optional.of(1), Optional.empty())))
                    .all()
                    .get();
        }
        Properties kafka = new Properties();
        kafka.put("bootstrap.servers", broker.bootstrapServers());
        publisher = new EventPublisher(kafka);
    }

    @AfterAll
    static void stop() {
        publisher.close();
        broker.close();
    }

    @BeforeEach
    void nameTheModel(TestInfo test) {
        model = test.getTestMethod().orElseThrow().getName();
    }

    @Test
    void textVersionAndDigestBelongTogetherWhileVersionsAreSwapped() throws Exception {
        Map<Long, String> digests = new ConcurrentHashMap<>();
        digests.put(0L, announce(0, TinyCtc.saying(letter(0), directory.resolve("0"))));
        ExecutorService workers = Executors.newFixedThreadPool(3);
        List<Future<Long>> last = new ArrayList<>();
        for (int worker = 0; worker < 3; worker++) {
            last.add(workers.submit(() -> {
                try (Transcriber transcriber = SharedModels.open(settings())) {
                    long version = 0;
                    for (long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
                            version < 4 && System.nanoTime() < end; ) {
                        Transcript transcript = transcriber.transcribe(A);
                        version = transcript.version();
                        assertThat(transcript)
                                .isEqualTo(new Transcript(
                                        letter(version), version, digests.getOrDefault(version, "none")));
                    }
                    return version;
                }
            }));
        }
        for (long version = 1; version <= 4; version++) {
            Path bundle = TinyCtc.saying(letter(version), directory.resolve("" + version));
            digests.put(version, Updates.of(model, version, bundle).getDigest());
            announce(version, bundle);
        }
        for (Future<Long> each : last) {
            assertThat(each.get()).isEqualTo(4);
        }
        workers.shutdown();
        assertThat(subscribers()).isEmpty();
    }

    @Test
    void whatIsHeldKeepsToItsVersion() throws Exception {
        announce(0, TinyCtc.saying("c", directory.resolve("0")));
        try (Transcriber transcriber = SharedModels.open(settings());
                Transcriber held = transcriber.held()) {
            announce(1, TinyCtc.saying("d", directory.resolve("1")));
            long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
            while (transcriber.transcribe(A).version() == 0 && System.nanoTime() < end) {
                assertThat(held.transcribe(A).text()).isEqualTo("c");
            }
            assertThat(transcriber.transcribe(A).text()).isEqualTo("d");
            assertThat(held.transcribe(A).text()).isEqualTo("c");
        }
        assertThat(subscribers()).isEmpty();
    }

    @Test
    void whoStartsAgainWithoutItsBrokerGoesOnWithWhatItHas() throws Exception {
        announce(3, TinyCtc.saying("c", directory.resolve("3")));
        try (Transcriber transcriber = SharedModels.open(settings())) {
            assertThat(transcriber.transcribe(A).text()).isEqualTo("c");
        }
        Map<String, String> another = Map.of("security.protocol", "SSL", "default.api.timeout.ms", "1000");
        try (Transcriber transcriber = SharedModels.open(settings().withKafka(another))) {
            assertThat(transcriber.transcribe(A).version()).isEqualTo(3);
        }
    }

    @Test
    void twoProcessesShareADirectoryAndNoFolder() throws Exception {
        announce(0, TinyCtc.saying("a", directory.resolve("0")));
        SharedModels another = new SharedModels(FollowedModel::start);
        try (Transcriber here = SharedModels.open(settings());
                Transcriber there = another.share(settings(), BundleSource.LOCAL)) {
            assertThat(here.transcribe(A)).isEqualTo(there.transcribe(A));
            try (var folders = Files.list(
                    Files.list(directory.resolve("cache")).findFirst().orElseThrow())) {
                assertThat(folders.map(folder -> folder.getFileName().toString()))
                        .containsExactlyInAnyOrder("0", "1");
            }
        }
    }

    @Test
    void whisperTakesItsFeaturesTheOtherWayRound() throws Exception {
        announce(0, Fixtures.whisper("base"));
        try (Transcriber transcriber = SharedModels.open(settings())) {
            assertThatExceptionOfType(RefusedSpeechException.class)
                    .isThrownBy(() -> transcriber.transcribe(Speech.of(new float[30], 10, "ca")))
                    .withMessageContaining("The features are 3 by 10");
        }
    }

    @Test
    void speechThatDoesNotFitIsRefusedAndTheNextIsAnswered() throws Exception {
        announce(0, TinyCtc.saying("a", directory.resolve("0")));
        try (Transcriber transcriber = SharedModels.open(settings().withQuarantine(QuarantineLimits.DEFAULT))) {
            assertThatExceptionOfType(RefusedSpeechException.class)
                    .isThrownBy(() -> transcriber.transcribe(Speech.of(new float[6], 2, "de")))
                    .withMessageContaining(
                            "Version 0 of " + model + " does not take this speech: The features are 2 by 3");
            assertThat(transcriber.transcribe(A).text()).isEqualTo("a");
        }
    }

    @Test
    void speechThatONNXRuntimeFailsOnDoesNotStopTheOthers() throws Exception {
        Path bundle = TinyCtc.saying("a", directory.resolve("0"));
        new TinyOnnx()
                .floatInput("features", "batch", "frames", "4")
                .output("logits", "batch", "frames", "4")
                .matrix("two_frames", new float[2][4])
                .node("Add", "logits", "features", "two_frames")
                .write(bundle.resolve("model.onnx"));
        announce(0, bundle);
        Speech three = Speech.of(TinyCtc.hearing(2, 0, 0), 3, "de");
        try (Transcriber transcriber = SharedModels.open(settings())) {
            assertThatIOException()
                    .isThrownBy(() -> transcriber.transcribe(three))
                    .withMessageContaining("Version 0 of " + model + " cannot answer. ONNX Runtime fails: ");
            assertThat(transcriber.transcribe(A).text()).isEqualTo("a");
            assertThatExceptionOfType(RefusedSpeechException.class)
                    .isThrownBy(() -> transcriber.transcribe(three))
                    .withMessageContaining("other speech is answered");
        }
    }

    @Test
    void whereNoVersionIsItIsSaidWhy() throws Exception {
        ServingSettings hasty = settings().withFirstVersionWithin(Duration.ofMillis(300));
        assertThatIOException()
                .isThrownBy(() -> SharedModels.open(hasty))
                .withMessageContaining("No version of " + model)
                .withMessageContaining("koine register --model " + model);

        Path broken = TinyCtc.saying("a", directory.resolve("broken"));
        Files.writeString(broken.resolve("vocab.json"), "none");
        announce(1, broken);
        assertThat(refusalOfTheFirst()).contains("Version 1 is refused: ", "vocab.json");
        assertThat(subscribers()).isEmpty();
    }

    /** What is said in the end: a version that has not come yet is not refused. */
    private String refusalOfTheFirst() {
        String said = "";
        for (long seconds = 2; seconds < 200 && !said.contains("refused"); seconds *= 2) {
            ServingSettings within = settings().withFirstVersionWithin(Duration.ofSeconds(seconds));
            said = String.valueOf(
                    catchThrowable(() -> SharedModels.open(within)).getMessage());
        }
        return said;
    }

    private ServingSettings settings() {
        return ServingSettings.of(broker.bootstrapServers(), model)
                .withCacheDirectory(directory.resolve("cache").toString())
                .withDevice(Device.CPU, 1)
                .withFirstVersionWithin(Duration.ofMinutes(2));
    }

    private String announce(long version, Path bundle) throws Exception {
        ModelUpdate update = Updates.of(model, version, bundle);
        publisher.publish(UPDATES, model, update, ModelUpdate.class);
        return update.getDigest();
    }

    private static String letter(long version) {
        return Character.toString('c' + (int) version);
    }

    private List<String> subscribers() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.contains("koine-subscriber-" + model))
                .toList();
    }
}
