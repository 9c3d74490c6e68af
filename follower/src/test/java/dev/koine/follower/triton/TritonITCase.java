package dev.koine.follower.triton;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.broker.EmbeddedBroker;
import dev.koine.engine.RejectedException;
import dev.koine.events.EventPublisher;
import dev.koine.follower.Follower;
import dev.koine.follower.Patience;
import dev.koine.follower.Placed;
import dev.koine.schemas.ModelUpdate;
import dev.koine.subscriber.ModelSubscriber;
import dev.koine.subscriber.SubscriberListener;
import dev.koine.testkit.triton.TritonStandIn;
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
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A Triton server, or what stands in for it, that follows a topic. */
class TritonITCase {
    private static final String TOPIC = "updates";

    @TempDir
    private Path directory;

    private EmbeddedBroker broker;
    private EventPublisher publisher;
    private TritonStandIn triton;
    private Path folder;
    private final BlockingQueue<String> refused = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> troubles = new LinkedBlockingQueue<>();

    @BeforeEach
    void start() throws Exception {
        broker = EmbeddedBroker.start(Files.createDirectory(directory.resolve("broker")));
        Properties kafka = new Properties();
        kafka.put("bootstrap.servers", broker.bootstrapServers());
        publisher = new EventPublisher(kafka);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            admin.createTopics(List.of(new NewTopic(TOPIC, Optional.of(1), Optional.empty())))
                    .all()
                    .get();
        }
        folder = directory.resolve("served");
        triton = TritonStandIn.start(
                Files.createDirectories(TritonStep.repository(folder)),
                Files.createDirectory(directory.resolve("memory")),
                Pairs::run);
    }

    @AfterEach
    void stop() {
        triton.close();
        publisher.close();
        broker.close();
    }

    private void announce(long version) throws Exception {
        publisher.publish(TOPIC, "pairs", Pairs.update(directory, version), ModelUpdate.class);
    }

    private Follower follow() throws Exception {
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
        TritonStep step = new TritonStep(
                folder, triton.url(), new Instances(1, Instances.Kind.AUTO), Duration.ofMinutes(2), Pairs::example);
        return Follower.start(
                ModelSubscriber.<Placed>builder()
                        .bootstrapServers(broker.bootstrapServers())
                        .updatesTopic(TOPIC)
                        .modelId("pairs")
                        .listener(listener),
                new Follower.Settings(folder, 2, List.of(step), Patience.within(Duration.ofMillis(300))));
    }

    private static void await(Callable<Boolean> condition) throws Exception {
        for (int i = 0; i < 2400 && !condition.call(); i++) {
            Thread.sleep(50);
        }
        assertThat(condition.call()).isTrue();
    }

    private void awaitLoaded(long version) throws Exception {
        List<String> all = List.of("pairs-decoder_model/" + version, "pairs-encoder_model/" + version);
        await(() -> triton.loaded().equals(all));
    }

    @Test
    void theServerHasTheNewestVersionThatAnswersAsItShould() throws Exception {
        announce(0);
        try (Follower follower = follow()) {
            awaitLoaded(1);
            await(() -> follower.current().isPresent());
            triton.trouble((what, model, version) -> what.equals("nonsense") && version == 2);
            announce(1);
            assertThat(refused.poll(2, TimeUnit.MINUTES)).startsWith("1: Triton's pairs-decoder_model-trial answers");
            awaitLoaded(1);
            triton.trouble((what, model, version) ->
                    what.equals("load") && version == 3 && model.equals("pairs-encoder_model"));
            announce(2);
            assertThat(refused.poll(2, TimeUnit.MINUTES)).startsWith("2: ").contains("told to fail");
            awaitLoaded(1);
            announce(3);
            awaitLoaded(4);
            await(() -> follower.current().map(Placed::version).equals(Optional.of(3L)));
        }
        int calls = triton.calls().size();
        try (Follower again = follow()) {
            await(() -> again.current().isPresent());
            assertThat(triton.calls().subList(calls, triton.calls().size()))
                    .as("what serves is not tried again beside itself")
                    .noneMatch(call -> call.contains("-trial"));
        }
        assertThat(troubles).isEmpty();
        assertThat(triton.loaded()).containsExactly("pairs-decoder_model/4", "pairs-encoder_model/4");
    }

    @Test
    void aServerThatCannotLoadAnythingCostsNoVersion() throws Exception {
        announce(0);
        try (Follower follower = follow()) {
            await(() -> follower.current().isPresent());
            triton.trouble((what, model, version) -> what.equals("load"));
            announce(1);
            assertThat(troubles.poll(2, TimeUnit.MINUTES)).contains("told to fail");
            triton.trouble((what, model, version) -> false);
            awaitLoaded(2);
            assertThat(refused).isEmpty();
        }
    }
}
