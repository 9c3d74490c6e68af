package dev.koine.flink;

import static dev.koine.flink.harness.KoineHarness.updated;
import static org.apache.kafka.common.acl.AclOperation.READ;
import static org.apache.kafka.common.acl.AclOperation.WRITE;
import static org.apache.kafka.common.resource.PatternType.LITERAL;
import static org.apache.kafka.common.resource.PatternType.PREFIXED;
import static org.apache.kafka.common.resource.ResourceType.GROUP;
import static org.apache.kafka.common.resource.ResourceType.TOPIC;
import static org.apache.kafka.common.resource.ResourceType.TRANSACTIONAL_ID;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.Device;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.store.Bundle;
import dev.koine.events.EventPublisher;
import dev.koine.events.Outcome;
import dev.koine.events.OutcomeReader;
import dev.koine.flink.config.MergeJobConfig;
import dev.koine.flink.embedded.EmbeddedJob;
import dev.koine.flink.embedded.Outage;
import dev.koine.flink.harness.CapturedLog;
import dev.koine.flink.harness.KoineHarness;
import dev.koine.flink.harness.PrometheusPage;
import dev.koine.flink.harness.SecuredBroker;
import dev.koine.flink.metric.PrometheusNames;
import dev.koine.flink.topics.TopicSetup;
import dev.koine.lifecycle.metric.JobMetrics;
import dev.koine.lifecycle.option.JobSettings;
import dev.koine.lifecycle.option.MergeJobOptions;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.ModelRegistration;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Position;
import dev.koine.schemas.Topics;
import dev.koine.subscriber.ModelSubscriber;
import dev.koine.testkit.Fixtures;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Over TLS, with passwords, and each with no more rights than it needs. */
class SecuredBrokerITCase {
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final Topics TOPICS = Topics.DEFAULT;

    @TempDir
    Path directory;

    @Test
    void eachRoleDoesItsPartAndNoMore() throws Exception {
        try (CapturedLog log = CapturedLog.start();
                SecuredBroker secured = SecuredBroker.start(directory)) {
            TopicSetup.createMissing(secured.properties("admin"), TOPICS, 1);
            allowEachRoleItsPart(secured);
            MergeJobConfig config = MergeJobConfig.of(JobSettings.NONE
                    .with(MergeJobOptions.BOOTSTRAP_SERVERS, secured.broker.bootstrapServers())
                    .with(
                            MergeJobOptions.STORE,
                            Files.createDirectories(directory.resolve("store")).toUri())
                    .withKafka(secured.client("job"))
                    .with(MergeJobOptions.ALLOWED_PLACES, List.of(Fixtures.ROOT.toUri()))
                    .with(MergeJobOptions.SCRATCH, directory.toString())
                    .with(MergeJobOptions.THREADS, 2)
                    .with(MergeJobOptions.DECOMPOSITION, Device.CPU));
            PrometheusPage page = PrometheusPage.atFreePort();
            try (EmbeddedJob job = EmbeddedJob.start(
                            config, directory.resolve("flink"), 1, Duration.ofMillis(200), page.settings());
                    EventPublisher publisher = new EventPublisher(secured.properties("pipeline"));
                    OutcomeReader outcomes = new OutcomeReader(secured.properties("pipeline"), TOPICS);
                    ModelSubscriber<AutoCloseable> service = ModelSubscriber.<AutoCloseable>builder()
                            .consumerProperties(secured.client("service"))
                            .modelId("ctc")
                            .cacheDirectory(directory.resolve("cache"))
                            .loader(bundle -> () -> {})
                            .start()) {
                ModelRegistration registration =
                        KoineHarness.registration("ctc", Bundle.describe(Fixtures.ctc("base")), Recipe.PUBLISHED);
                updated(await(
                        outcomes, publisher.publish(TOPICS.models(), "ctc", registration, ModelRegistration.class)));
                ExpertEvent de = KoineHarness.mergeEvent("ctc", "de", 1, Bundle.describe(Fixtures.ctc("de")), 1);
                ModelUpdate one =
                        updated(await(outcomes, publisher.publish(TOPICS.experts(), "ctc", de, ExpertEvent.class)));
                assertThat(one.getDigest()).isEqualTo(Fixtures.mergedOffline(directory, "de"));
                assertThat(service.awaitVersion(1, PATIENCE).version()).isEqualTo(1);
                assertThat(job.status().isGloballyTerminalState()).isFalse();
                nobodyDoesMore(secured);
                noPasswordIsShown(job);
                assertThat(page.text())
                        .contains(PrometheusNames.of(JobMetrics.VERSION_NEWEST))
                        .doesNotContain("password-of", "store-password");
            }
            assertThat(log.lines())
                    .as("the clients tell their settings")
                    .anyMatch(line -> line.contains("sasl.jaas.config"));
            assertThat(log.lines()).noneMatch(line -> line.contains("password-of"));
        }
    }

    private static void allowEachRoleItsPart(SecuredBroker secured) throws Exception {
        for (String topic : List.of(TOPICS.models(), TOPICS.experts())) {
            secured.allow("pipeline", TOPIC, LITERAL, topic, WRITE);
            secured.allow("job", TOPIC, LITERAL, topic, READ);
        }
        for (String topic : List.of(TOPICS.updates(), TOPICS.rejections())) {
            secured.allow("pipeline", TOPIC, LITERAL, topic, READ);
            secured.allow("job", TOPIC, LITERAL, topic, WRITE);
        }
        secured.allow("job", GROUP, LITERAL, "koine", READ);
        secured.allow("job", TRANSACTIONAL_ID, PREFIXED, "koine-", WRITE);
        secured.allow("service", TOPIC, LITERAL, TOPICS.updates(), READ);
    }

    private static void nobodyDoesMore(SecuredBroker secured) {
        assertMayNotWrite(secured.client("service"), TOPICS.updates());
        assertMayNotWrite(secured.client("service"), TOPICS.experts());
        assertMayNotWrite(secured.client("pipeline"), TOPICS.updates());
        assertMayNotWrite(secured.client("pipeline"), TOPICS.rejections());
        assertMayNotWrite(secured.client("job"), TOPICS.experts());
        assertMayNotWrite(secured.client("pipeline", "guessed"), TOPICS.experts());
        assertMayNotWrite(secured.client("nobody", "guessed"), TOPICS.experts());
        assertMayNotWrite(Map.of("bootstrap.servers", secured.broker.bootstrapServers()), TOPICS.experts());
        Properties service = new Properties();
        service.putAll(secured.client("service"));
        assertThatThrownBy(() -> {
                    try (OutcomeReader reader = new OutcomeReader(service, TOPICS)) {
                        reader.readAll();
                    }
                })
                .hasMessageContaining("uthoriz");
    }

    private void noPasswordIsShown(EmbeddedJob job) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        URI rest = Outage.rest(job);
        String jobs = get(client, rest.resolve("/jobs"));
        Matcher id = Pattern.compile("[0-9a-f]{32}").matcher(jobs);
        assertThat(id.find()).isTrue();
        for (String page : List.of("", "/config", "/plan", "/exceptions", "/checkpoints", "/checkpoints/config")) {
            String shown = get(client, rest.resolve("/jobs/" + id.group() + page));
            assertThat(shown).as(page).contains("{").doesNotContain("password-of", "store-password");
        }
        assertThat(get(client, rest.resolve("/jobmanager/config"))).doesNotContain("password-of", "store-password");
        try (Stream<Path> files = Files.walk(directory.resolve("flink"))) {
            for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
                assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
                        .as("%s, of a checkpoint", file)
                        .doesNotContain("password-of");
            }
        } catch (UncheckedIOException | NoSuchFileException goneMeanwhile) {
            assertThat(goneMeanwhile).hasMessageContaining("chk-");
        }
    }

    private static String get(HttpClient client, URI page) throws Exception {
        return client.send(HttpRequest.newBuilder(page).build(), HttpResponse.BodyHandlers.ofString())
                .body();
    }

    private static void assertMayNotWrite(Map<String, String> client, String topic) {
        Properties properties = new Properties();
        properties.putAll(client);
        properties.put("max.block.ms", "3000");
        properties.put("delivery.timeout.ms", "4000");
        properties.put("request.timeout.ms", "2000");
        assertThatThrownBy(() -> {
                    try (EventPublisher publisher = new EventPublisher(properties)) {
                        publisher.publish(topic, "ctc", new byte[] {1});
                    }
                })
                .as("%s writes to %s", client.get("sasl.jaas.config"), topic)
                .satisfies(refusal -> assertThat(refusal.toString()).doesNotContain("password-of"));
    }

    private static Outcome await(OutcomeReader outcomes, Position event) throws IOException {
        return outcomes.await(event, PATIENCE).orElseThrow(() -> new AssertionError("nothing became of " + event));
    }
}
