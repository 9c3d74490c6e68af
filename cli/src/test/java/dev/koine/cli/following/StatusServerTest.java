package dev.koine.cli.following;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.schemas.Bundle;
import dev.koine.subscriber.ModelSubscriber;
import dev.koine.subscriber.ServedVersion;
import dev.koine.subscriber.SubscriberMetric;
import dev.koine.subscriber.SubscriberStatus;
import dev.koine.testkit.Updates;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatusServerTest {
    @TempDir
    Path directory;

    @Test
    void aServiceThatReachesNoBrokerStillSaysHowItStands() throws Exception {
        try (ModelSubscriber<AutoCloseable> subscriber = ModelSubscriber.<AutoCloseable>builder()
                        .bootstrapServers("127.0.0.1:1")
                        .modelId("demo")
                        .cacheDirectory(directory)
                        .loader(files -> () -> {})
                        .start();
                StatusServer server =
                        StatusServer.start(new InetSocketAddress("127.0.0.1", 0), "demo", subscriber::status)) {
            HttpResponse<String> page = get(server, "/metrics");
            assertThat(page.statusCode()).isEqualTo(200);
            assertThat(page.headers().firstValue("Content-Type"))
                    .hasValueSatisfying(type -> assertThat(type).startsWith("text/plain; version=0.0.4"));
            assertThat(page.body()).contains("koine_subscriber_served_version{model=\"demo\"} -1.0\n");
            for (SubscriberMetric metric : SubscriberMetric.values()) {
                assertThat(page.body()).contains("\n" + metric.metricName() + "{model=\"demo\"} ");
            }
            assertThat(get(server, "/healthz").statusCode()).isEqualTo(200);
            assertThat(get(server, "/readyz").statusCode()).as("no version yet").isEqualTo(503);
            InetSocketAddress taken = new InetSocketAddress("127.0.0.1", server.port());
            assertThatThrownBy(() -> StatusServer.start(taken, "demo", subscriber::status))
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void isReadyOnceAVersionServes() throws Exception {
        ServedVersion version = new ServedVersion(
                Updates.of("demo", 3, "sha256:" + "0".repeat(64), new Bundle("file:///nowhere/", List.of())),
                directory,
                Instant.EPOCH);
        SubscriberStatus status =
                new SubscriberStatus(version, 3, Duration.ZERO, Duration.ZERO, Duration.ZERO, 1, 0, 0, 0, 0);
        try (StatusServer server = StatusServer.start(new InetSocketAddress("127.0.0.1", 0), "demo", () -> status)) {
            assertThat(get(server, "/readyz").statusCode()).isEqualTo(200);
            assertThat(get(server, "/readyz").body()).isEqualTo("version 3\n");
        }
    }

    private static HttpResponse<String> get(StatusServer server, String path) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + server.port() + path);
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
    }
}
