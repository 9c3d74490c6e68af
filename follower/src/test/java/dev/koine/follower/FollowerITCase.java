package dev.koine.follower;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import dev.koine.broker.EmbeddedBroker;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.events.EventPublisher;
import dev.koine.schemas.ModelUpdate;
import dev.koine.subscriber.ModelSubscriber;
import dev.koine.subscriber.SubscriberListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/** A folder that follows a topic. */
class FollowerITCase {
    @TempDir
    private static Path brokerDirectory;

    private static EmbeddedBroker broker;
    private static EventPublisher publisher;

    @TempDir
    private Path directory;

    private Path folder;
    private String topic;
    private final BlockingQueue<String> refused = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> troubles = new LinkedBlockingQueue<>();

    @BeforeAll
    static void startBroker() throws Exception {
        broker = EmbeddedBroker.start(brokerDirectory);
        Properties kafka = new Properties();
        kafka.put("bootstrap.servers", broker.bootstrapServers());
        publisher = new EventPublisher(kafka);
    }

    @AfterAll
    static void stopBroker() {
        publisher.close();
        broker.close();
    }

    @BeforeEach
    void createTopic(TestInfo test) throws Exception {
        folder = directory.resolve("served");
        topic = test.getTestMethod().orElseThrow().getName();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            admin.createTopics(List.of(new NewTopic(topic, Optional.of(1), Optional.empty())))
                    .all()
                    .get();
        }
    }

    private void announce(long version) throws Exception {
        announce(Texts.update(directory, version));
    }

    private void announce(ModelUpdate update) throws IOException {
        publisher.publish(topic, update.getModelId(), update, ModelUpdate.class);
    }

    private Follower follow(Step... steps) throws Exception {
        return follow(Optional.empty(), steps);
    }

    private Follower follow(Optional<Form> form, Step... steps) throws Exception {
        SubscriberListener listener = new SubscriberListener() {
            @Override
            public void onRejected(ModelUpdate update, RejectedException reason) {
                refused.add(update.getVersion() + ": " + reason.getMessage());
            }

            @Override
            public void onTrouble(String what, Throwable cause) {
                troubles.add(what + ": " + cause.getMessage());
            }
        };
        return Follower.start(
                ModelSubscriber.<Placed>builder()
                        .bootstrapServers(broker.bootstrapServers())
                        .updatesTopic(topic)
                        .modelId("texts")
                        .listener(listener),
                new Follower.Settings(folder, 2, form, List.of(steps), Patience.within(Duration.ofMillis(300))));
    }

    private static void await(Callable<Boolean> condition) throws Exception {
        for (int i = 0; i < 2400 && !condition.call(); i++) {
            Thread.sleep(50);
        }
        assertThat(condition.call()).isTrue();
    }

    private void awaitText(String text) throws Exception {
        await(() ->
                Files.exists(folder.resolve("current")) && Texts.read(folder).equals(text));
    }

    @Test
    void readersSeeWholeVersionsAloneWhileVersionsComeAndGo() throws Exception {
        announce(0);
        AtomicBoolean done = new AtomicBoolean();
        BlockingQueue<String> halves = new LinkedBlockingQueue<>();
        try (Follower follower = follow()) {
            awaitText("version 0");
            Thread reader = new Thread(() -> {
                while (!done.get()) {
                    look(halves);
                }
            });
            reader.start();
            for (int version = 1; version <= 20; version++) {
                announce(version);
                Thread.sleep(30);
            }
            awaitText("version 20");
            await(() -> follower.current().map(Placed::version).equals(Optional.of(20L)));
            done.set(true);
            reader.join();
            assertThat(halves).isEmpty();
            assertThat(folder.resolve("versions").toFile().list()).hasSizeLessThanOrEqualTo(2);
            assertThatIOException().isThrownBy(this::follow).withMessageContaining("another follower");
        }
        try (Follower again = follow()) {
            awaitText("version 20");
            await(() -> again.current().isPresent());
        }
        assertThat(troubles).isEmpty();
        assertThat(refused).isEmpty();
    }

    /** A version that is read through its real path, as a server opens it, is whole, or gone. */
    private void look(BlockingQueue<String> halves) {
        try {
            Path version = folder.resolve("current").toRealPath();
            String text = Files.readString(version.resolve("model.txt"));
            String side = Files.readString(version.resolve("more/side.txt"));
            if (!side.equals(text + ", too")) {
                halves.add(text + " / " + side);
            }
        } catch (java.nio.file.NoSuchFileException e) {
            if (e.getFile().endsWith("current")) {
                halves.add("no link");
            }
        } catch (IOException e) {
            halves.add(e.toString());
        }
    }

    @Test
    void aVersionThatTheServerDoesNotTakeIsGoneBackFromAndTheNextOneIsTaken() throws Exception {
        announce(0);
        Step server = occasion -> {
            if (occasion.version().version() == 1) {
                throw new Step.StepFailedException("It does not load.");
            }
        };
        try (Follower follower = follow(server)) {
            awaitText("version 0");
            await(() -> follower.current().isPresent());
            announce(1);
            assertThat(refused.poll(2, TimeUnit.MINUTES)).startsWith("1: It does not load. With version 0");
            assertThat(Texts.read(folder)).isEqualTo("version 0");
            announce(2);
            awaitText("version 2");
        }
    }

    @Test
    void aServerThatIsDownIsWaitedForAndCostsNoVersion() throws Exception {
        AtomicBoolean isUp = new AtomicBoolean(true);
        Step server = occasion -> {
            if (!isUp.get()) {
                throw new Step.StepFailedException("It is down.");
            }
        };
        announce(0);
        try (Follower follower = follow(server)) {
            await(() -> follower.current().isPresent());
            isUp.set(false);
            announce(1);
            assertThat(troubles.poll(2, TimeUnit.MINUTES)).contains("It is down.");
            isUp.set(true);
            await(() -> follower.current().map(Placed::version).equals(Optional.of(1L)));
            assertThat(Texts.read(folder)).isEqualTo("version 1");
            assertThat(refused).isEmpty();
        }
    }

    @Test
    void aFormIsRetriedWhereTheStoreIsAwayAndRefusedWhereTheVersionCannotBeWritten() throws Exception {
        AtomicBoolean isAway = new AtomicBoolean(true);
        Form loud = new Form() {
            @Override
            public String name() {
                return "loud";
            }

            @Override
            public void write(ModelUpdate update, Path files, Path target) throws RejectedException, IOException {
                if (isAway.get()) {
                    throw new IOException("The store is away.");
                }
                if (update.getVersion() == 1) {
                    throw new RejectedException(RejectionCode.CHECKPOINT_MISMATCH, "It cannot be loud.");
                }
                Files.writeString(target.resolve("model.txt"), Files.readString(files.resolve("model.txt")) + "!");
            }
        };
        announce(0);
        try (Follower follower = follow(Optional.of(loud))) {
            assertThat(troubles.poll(2, TimeUnit.MINUTES))
                    .contains("Version 0 cannot be written as loud now", "The store is away.");
            assertThat(follower.current()).isEmpty();
            isAway.set(false);
            awaitText("version 0!");
            announce(1);
            assertThat(refused.poll(2, TimeUnit.MINUTES)).isEqualTo("1: It cannot be loud.");
            assertThat(Texts.read(folder)).isEqualTo("version 0!");
            announce(2);
            awaitText("version 2!");
        }
    }
}
