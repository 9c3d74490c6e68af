package dev.koine.subscriber;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.koine.broker.EmbeddedBroker;
import dev.koine.engine.Device;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.schemas.ModelUpdate;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.quarantine.Quarantine;
import dev.koine.speech.quarantine.QuarantineLimits;
import dev.koine.testkit.Fixtures;
import dev.koine.testkit.HarmfulModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

class ModelSubscriberITCase {
    private static final Duration SOON = Duration.ofMinutes(2);

    @TempDir
    static Path brokerDirectory;

    private static EmbeddedBroker broker;

    @TempDir
    Path directory;

    private final List<Long> served = new CopyOnWriteArrayList<>();
    private final BlockingQueue<RejectedException> refused = new LinkedBlockingQueue<>();
    private ModelLoader<Text> loader = Text::load;
    private String topic;
    private Announcer announcer;

    @BeforeAll
    static void startBroker() throws Exception {
        broker = EmbeddedBroker.start(brokerDirectory);
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @BeforeEach
    void createTopic(TestInfo test) throws Exception {
        topic = test.getTestMethod().orElseThrow().getName();
        Announcer.createTopic(broker, topic);
        announcer = new Announcer(broker, topic);
    }

    @AfterEach
    void closeAnnouncer() {
        announcer.close();
    }

    @Test
    void swapsUnderLoadWithoutAFailedCall() throws Exception {
        announcer.announce(update(0));
        try (ModelSubscriber<Text> subscriber = subscriber()) {
            subscriber.awaitVersion(0, SOON);
            AtomicBoolean stop = new AtomicBoolean();
            ExecutorService callers = Executors.newFixedThreadPool(3);
            List<Future<Long>> calls = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                calls.add(callers.submit(() -> {
                    long count = 0;
                    while (!stop.get()) {
                        try (Lease<Text> lease = subscriber.acquire()) {
                            assertThat(lease.model().say())
                                    .isEqualTo("version " + lease.version().version());
                            count++;
                        }
                    }
                    return count;
                }));
            }
            for (long version = 1; version <= 10; version++) {
                announcer.announce(update(version));
                subscriber.awaitVersion(version, SOON);
            }
            SubscriberStatus status = subscriber.status();
            assertThat(status.served()).isEqualTo(subscriber.current().orElseThrow());
            assertThat(status.newest()).isEqualTo(10);
            assertThat(status.swaps()).isEqualTo(11);
            assertThat(status.install()).isPositive();
            assertThat(status.fromEvent()).isPositive();
            assertThat(status.refused()).isZero();
            stop.set(true);
            for (Future<Long> call : calls) {
                assertThat(call.get()).isPositive();
            }
            callers.shutdown();
        }
        assertThat(Text.open).hasValue(0);
    }

    @Test
    void keepsTheOldModelWhateverIsWrongWithTheNewOne() throws Exception {
        announcer.announce(update(1));
        try (ModelSubscriber<Text> subscriber = subscriber()) {
            subscriber.awaitVersion(1, SOON);

            ModelUpdate missing = update(2);
            Files.delete(source(2).resolve("model.txt"));
            announcer.announce(missing);
            assertThat(reason().code()).isEqualTo(RejectionCode.MISSING_FILE);

            assertThat(subscriber.status().refused()).isEqualTo(1);
            assertThat(subscriber.status().newest()).isEqualTo(2);

            ModelUpdate changed = update(3);
            Files.writeString(source(3).resolve("model.txt"), "version X");
            announcer.announce(changed);
            assertThat(reason().code()).isEqualTo(RejectionCode.DIGEST_MISMATCH);

            ModelUpdate otherDigest = update(4);
            otherDigest.setDigest(changed.getDigest());
            announcer.announce(otherDigest);
            assertThat(reason().code()).isEqualTo(RejectionCode.DIGEST_MISMATCH);

            ModelUpdate outside = update(5);
            outside.getBundle().setUri("s3://bucket/model/");
            announcer.announce(outside);
            assertThat(reason().code()).isEqualTo(RejectionCode.PLACE_NOT_ALLOWED);

            announcer.announce(update(6, "broken"));
            assertThat(reason())
                    .satisfies(e -> assertThat(e.code()).isEqualTo(RejectionCode.NOT_LOADABLE))
                    .hasMessageContaining("the warm-up says broken");

            announcer.announceBytes("m", new byte[] {1, 2, 3});
            announcer.announceAndAbort(update(7));
            announcer.announce(Announcer.update("another", 8, source(1)));

            assertThat(subscriber.current()).map(ServedVersion::version).contains(1L);
            try (Lease<Text> lease = subscriber.acquire()) {
                assertThat(lease.model().say()).isEqualTo("version 1");
            }
            announcer.announce(update(9));
            subscriber.awaitVersion(9, SOON);
        }
        assertThat(served).containsExactly(1L, 9L);
    }

    @Test
    void aVersionThatKillsTheRuntimeIsRefusedAndTheServiceGoesOn() throws Exception {
        announcer.announce(withModel(update(1), Files.readAllBytes(Fixtures.ctc("base/model.onnx"))));
        QuarantineLimits limits = QuarantineLimits.DEFAULT.withMemory(512 << 20);
        OnnxOptions options = new OnnxOptions(1, Device.CPU);
        try (Quarantine quarantine = new Quarantine(limits);
                ModelSubscriber<Text> subscriber = settings(broker.bootstrapServers())
                        .trial(files -> quarantine.ask(files, options).requireAny())
                        .start()) {
            subscriber.awaitVersion(1, SOON);

            announcer.announce(withModel(update(2), HarmfulModel.ABORTS.bytes()));

            assertThat(reason())
                    .hasMessageContaining("does not survive the model")
                    .extracting(RejectedException::code)
                    .isEqualTo(RejectionCode.NOT_LOADABLE);
            try (Lease<Text> lease = subscriber.acquire()) {
                assertThat(lease.model().say()).isEqualTo("version 1");
            }
            announcer.announce(withModel(update(3), Files.readAllBytes(Fixtures.ctc("ca/model.onnx"))));
            subscriber.awaitVersion(3, SOON);
        }
        assertThat(served).containsExactly(1L, 3L);
    }

    private ModelUpdate withModel(ModelUpdate update, byte[] model) throws Exception {
        Files.write(source(update.getVersion()).resolve("model.onnx"), model);
        return Announcer.update("m", update.getVersion(), source(update.getVersion()));
    }

    @Test
    void ignoresWhatIsNotNewer() throws Exception {
        announcer.announce(update(3));
        try (ModelSubscriber<Text> subscriber = subscriber()) {
            subscriber.awaitVersion(3, SOON);
            announcer.announce(update(3), update(2));
            announcer.announce(update(1));
            announcer.announce(update(4));
            subscriber.awaitVersion(4, SOON);
        }
        assertThat(served).containsExactly(3L, 4L);
    }

    @Test
    void startsOnTheNewestAndOnAnOlderOneIfThatIsRefused() throws Exception {
        for (long version = 0; version < 5; version++) {
            announcer.announce(update(version));
        }
        try (ModelSubscriber<Text> subscriber = subscriber()) {
            subscriber.awaitVersion(0, SOON);
        }
        announcer.announce(update(5, "broken"));
        try (ModelSubscriber<Text> subscriber = subscriber()) {
            assertThat(subscriber.awaitVersion(0, SOON).version()).isEqualTo(4);
        }
        assertThat(served).containsExactly(4L, 4L);
    }

    @Test
    void waitsForTheBrokerAndTheTopic() throws Exception {
        topic = "notYetThere";
        try (EmbeddedBroker late = EmbeddedBroker.start(directory.resolve("broker"));
                ModelSubscriber<Text> subscriber = start(late.bootstrapServers())) {
            assertThatIllegalStateException().isThrownBy(subscriber::acquire).withMessageContaining("No version");
            assertThatExceptionOfType(TimeoutException.class)
                    .isThrownBy(() -> subscriber.awaitVersion(0, Duration.ofMillis(300)));
            Announcer.createTopic(late, topic);
            try (Announcer announcerThere = new Announcer(late, topic)) {
                announcerThere.announce(update(1));
            }
            subscriber.awaitVersion(1, SOON);

            int port = late.port();
            late.close();
            try (EmbeddedBroker again = EmbeddedBroker.start(directory.resolve("broker"), port);
                    Announcer announcerThere = new Announcer(again, topic)) {
                announcerThere.announce(update(2));
                subscriber.awaitVersion(2, SOON);
            }
        }
        assertThat(served).containsExactly(1L, 2L);
    }

    @Test
    void theVersionThatServedLastStandsInWhileTheBrokerIsAway() throws Exception {
        announcer.announce(update(4));
        try (ModelSubscriber<Text> subscriber = subscriber()) {
            subscriber.awaitVersion(4, SOON);
        }
        Files.delete(source(4).resolve("model.txt"));
        try (ModelSubscriber<Text> subscriber = start("127.0.0.1:1")) {
            assertThat(subscriber.awaitVersion(0, SOON).version()).isEqualTo(4);
        }
    }

    @Test
    void aStandInYieldsToWhateverTheTopicGives() throws Exception {
        announcer.announce(update(4));
        try (ModelSubscriber<Text> subscriber = subscriber()) {
            subscriber.awaitVersion(4, SOON);
        }
        topic = "compacted";
        Announcer.createTopic(broker, topic);
        try (Announcer compacted = new Announcer(broker, topic)) {
            compacted.announce(update(5, "broken"));
            try (ModelSubscriber<Text> subscriber = subscriber()) {
                assertThat(subscriber.awaitVersion(0, SOON).version()).isEqualTo(4);
                compacted.announce(update(2));
                await(() -> served.contains(2L));
            }
        }
        assertThat(served).containsExactly(4L, 4L, 2L);
    }

    @Test
    void aStandInThatIsStillAnnouncedIsNotLoadedAgain() throws Exception {
        announcer.announce(update(4));
        try (ModelSubscriber<Text> subscriber = subscriber()) {
            subscriber.awaitVersion(4, SOON);
        }
        Files.move(source(4), directory.resolve("unmounted"));
        announcer.announce(update(5, "broken"));
        Path store = source(5);
        Files.move(store, directory.resolve("unmounted-5"));
        try (ModelSubscriber<Text> subscriber = subscriber()) {
            assertThat(subscriber.awaitVersion(0, SOON).version()).isEqualTo(4);
            Files.move(directory.resolve("unmounted-5"), store);
            assertThat(reason().code()).isEqualTo(RejectionCode.NOT_LOADABLE);
            announcer.announce(update(6));
            subscriber.awaitVersion(6, SOON);
        }
        assertThat(served).containsExactly(4L, 4L, 6L);
    }

    @Test
    void waitsForAStoreThatIsNotMounted() throws Exception {
        announcer.announce(update(1));
        try (ModelSubscriber<Text> subscriber = subscriber()) {
            subscriber.awaitVersion(1, SOON);
            ModelUpdate update = update(2);
            Files.move(source(2), directory.resolve("unmounted"));
            announcer.announce(update);
            assertThatExceptionOfType(TimeoutException.class)
                    .isThrownBy(() -> subscriber.awaitVersion(2, Duration.ofSeconds(2)));
            Files.move(directory.resolve("unmounted"), source(2));
            subscriber.awaitVersion(2, SOON);
        }
        assertThat(refused).isEmpty();
    }

    @Test
    void aVersionThatTheStoreDidNotGiveAsAnnouncedServesOnceItDoes() throws Exception {
        announcer.announce(update(1));
        try (ModelSubscriber<Text> subscriber = subscriber()) {
            subscriber.awaitVersion(1, SOON);
            ModelUpdate update = update(2);
            Files.writeString(source(2).resolve("model.txt"), "version X");
            announcer.announce(update);
            assertThat(reason())
                    .hasMessageContaining("looked at again")
                    .extracting(RejectedException::code)
                    .isEqualTo(RejectionCode.DIGEST_MISMATCH);
            Files.writeString(source(2).resolve("model.txt"), "version 2");
            subscriber.awaitVersion(2, SOON);
            assertThat(subscriber.status().refused()).isEqualTo(1);
        }
        assertThat(served).containsExactly(1L, 2L);
        assertThat(refused).isEmpty();
    }

    @Test
    void aVersionThatIsThereInTheEndAndBadIsRefusedForGood() throws Exception {
        announcer.announce(update(1));
        AtomicInteger trials = new AtomicInteger();
        loader = bundle -> {
            trials.incrementAndGet();
            return Text.load(bundle);
        };
        try (ModelSubscriber<Text> subscriber = subscriber()) {
            subscriber.awaitVersion(1, SOON);
            ModelUpdate update = update(2, "broken");
            Path file = source(2).resolve("model.txt");
            Files.move(file, directory.resolve("not-yet"));
            announcer.announce(update);
            assertThat(reason().code()).isEqualTo(RejectionCode.MISSING_FILE);
            Files.move(directory.resolve("not-yet"), file);
            assertThat(reason().code()).isEqualTo(RejectionCode.NOT_LOADABLE);
            Thread.sleep(2500);
            assertThat(trials).hasValue(2);
            assertThat(subscriber.status().refused()).isEqualTo(1);
        }
        assertThat(served).containsExactly(1L);
    }

    /** What no loader may return: one of a service that NullAway does not look at can. */
    @SuppressWarnings("NullAway")
    private static Text nothing() {
        return null;
    }

    @Test
    void aLoaderThatFailsBadlyOrHangsDoesNoHarm() throws Exception {
        CountDownLatch hangs = new CountDownLatch(1);
        loader = bundle -> {
            switch (Files.readString(bundle.resolve("model.txt"))) {
                case "null" -> {
                    return nothing();
                }
                case "error" -> throw new UnsatisfiedLinkError("no native code");
                case "hang" -> {
                    hangs.countDown();
                    new CountDownLatch(1).await();
                }
                default -> {}
            }
            return Text.load(bundle);
        };
        announcer.announce(update(1));
        ModelSubscriber<Text> subscriber = subscriber();
        try (subscriber) {
            subscriber.awaitVersion(1, SOON);
            announcer.announce(update(2, "null"));
            assertThat(reason()).hasMessageContaining("returned null");
            announcer.announce(update(3, "error"));
            assertThat(reason()).hasMessageContaining("no native code");
            announcer.announce(update(4, "hang"));
            hangs.await();
            try (Lease<Text> lease = subscriber.acquire()) {
                assertThat(lease.model().say()).isEqualTo("version 1");
            }
        }
        assertThat(refused).isEmpty();
        assertThat(Text.open).hasValue(0);
    }

    @Test
    void aLeaseOutlivesTheSubscriber() throws Exception {
        announcer.announce(update(1));
        ModelSubscriber<Text> subscriber = subscriber();
        subscriber.awaitVersion(1, SOON);
        try (Lease<Text> lease = subscriber.acquire()) {
            subscriber.close();
            subscriber.close();
            assertThat(lease.model().say()).isEqualTo("version 1");
            assertThatIllegalStateException().isThrownBy(subscriber::acquire).withMessageContaining("closed");
        }
    }

    @Test
    void saysWhatIsMissing() {
        assertThatIllegalStateException()
                .isThrownBy(() -> ModelSubscriber.<Text>builder().modelId("m").start())
                .withMessageContaining("bootstrapServers")
                .withMessageContaining("cacheDirectory")
                .withMessageContaining("loader");
    }

    private ModelSubscriber<Text> subscriber() throws Exception {
        return start(broker.bootstrapServers());
    }

    private ModelSubscriber<Text> start(String bootstrapServers) throws Exception {
        return settings(bootstrapServers).start();
    }

    private ModelSubscriberBuilder<Text> settings(String bootstrapServers) {
        return ModelSubscriber.<Text>builder()
                .bootstrapServers(bootstrapServers)
                .consumerProperties(Map.of("default.api.timeout.ms", 3000))
                .updatesTopic(topic)
                .modelId("m")
                .cacheDirectory(directory.resolve("cache"))
                .loader(loader)
                .listener(new SubscriberListener() {
                    @Override
                    public void onServed(ServedVersion version) {
                        served.add(version.version());
                    }

                    @Override
                    public void onRejected(ModelUpdate update, RejectedException reason) {
                        refused.add(reason);
                        throw new IllegalStateException("a listener that throws");
                    }
                });
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        for (long end = System.nanoTime() + SOON.toNanos(); !condition.getAsBoolean() && System.nanoTime() < end; ) {
            Thread.sleep(20);
        }
        assertThat(condition.getAsBoolean()).isTrue();
    }

    private RejectedException reason() throws Exception {
        RejectedException reason = refused.poll(SOON.toSeconds(), TimeUnit.SECONDS);
        assertThat(reason).isNotNull();
        return reason;
    }

    private Path source(long version) {
        return directory.resolve("source-" + version);
    }

    private ModelUpdate update(long version) throws Exception {
        return update(version, "version " + version);
    }

    private ModelUpdate update(long version, String text) throws Exception {
        Files.createDirectories(source(version));
        Files.writeString(source(version).resolve("model.txt"), text);
        return Announcer.update("m", version, source(version));
    }
}
