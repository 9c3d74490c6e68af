package dev.koine.cli.speech;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.subscriber.ModelSubscriber;
import dev.koine.subscriber.SubscriberMetric;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsServerTest {
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
                MetricsServer server = MetricsServer.start(0, "demo", subscriber)) {
            HttpResponse<String> page = HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/metrics"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
            assertThat(page.statusCode()).isEqualTo(200);
            assertThat(page.headers().firstValue("Content-Type"))
                    .hasValueSatisfying(type -> assertThat(type).startsWith("text/plain; version=0.0.4"));
            assertThat(page.body()).contains("koine_subscriber_served_version{model=\"demo\"} -1.0\n");
            for (SubscriberMetric metric : SubscriberMetric.values()) {
                assertThat(page.body()).contains("\n" + metric.metricName() + "{model=\"demo\"} ");
            }
            assertThatThrownBy(() -> MetricsServer.start(server.port(), "demo", subscriber))
                    .isInstanceOf(IOException.class);
        }
    }
}
