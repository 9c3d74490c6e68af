package dev.koine.flink.harness;

import dev.koine.testkit.FreePorts;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.configuration.Configuration;
import org.jspecify.annotations.Nullable;

/** What Prometheus reads of a Flink cluster in this JVM. */
public final class PrometheusPage {
    private static final Pattern LINE = Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)\\})? (\\S+)");
    private static final Pattern LABEL = Pattern.compile("([a-zA-Z_]\\w*)=\"((?:[^\"\\\\]|\\\\.)*)\"");

    private final int port;

    private PrometheusPage(int port) {
        this.port = port;
    }

    /** A page at a port that is free now. */
    public static PrometheusPage atFreePort() throws IOException {
        return new PrometheusPage(FreePorts.one());
    }

    /** A number that the page has. */
    public record Sample(String name, Map<String, String> labels, double value) {}

    /** What a cluster needs to be told to have the page; as in deploy/local/conf. */
    public Configuration settings() {
        Configuration settings = new Configuration();
        settings.setString(
                "metrics.reporter.prom.factory.class", "org.apache.flink.metrics.prometheus.PrometheusReporterFactory");
        settings.setString("metrics.reporter.prom.port", String.valueOf(port));
        settings.setString("metrics.reporter.prom.filterLabelValueCharacters", "false");
        return settings;
    }

    /** What it says now, as it is. */
    public String text() throws IOException, InterruptedException {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }

    /** What it says now. */
    public List<Sample> read() throws IOException, InterruptedException {
        List<Sample> samples = new ArrayList<>();
        for (String line : text().lines().toList()) {
            Matcher matcher = LINE.matcher(line);
            if (!line.startsWith("#") && matcher.matches()) {
                samples.add(
                        new Sample(matcher.group(1), labels(matcher.group(2)), Double.parseDouble(matcher.group(3))));
            }
        }
        return samples;
    }

    private static Map<String, String> labels(@Nullable String text) {
        Map<String, String> labels = new TreeMap<>();
        if (text != null) {
            LABEL.matcher(text).results().forEach(label -> labels.put(label.group(1), label.group(2)));
        }
        return labels;
    }
}
