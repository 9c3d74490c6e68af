package dev.koine.cli.speech;

import com.sun.net.httpserver.HttpServer;
import dev.koine.subscriber.ModelSubscriber;
import dev.koine.subscriber.SubscriberMetric;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A page that Prometheus reads, {@code /metrics} at a port of this machine alone: how a subscriber stands. */
public final class MetricsServer implements AutoCloseable {
    private static final String TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private final HttpServer server;
    private final ExecutorService executor = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "koine-metrics");
        thread.setDaemon(true);
        return thread;
    });

    private MetricsServer(HttpServer server) {
        this.server = server;
    }

    /**
     * Starts to answer.
     *
     * @param port 0 for any that is free
     * @throws IOException if the port is taken
     */
    public static MetricsServer start(int port, String modelId, ModelSubscriber<?> subscriber) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        MetricsServer page = new MetricsServer(server);
        server.setExecutor(page.executor);
        server.createContext("/metrics", exchange -> {
            try (exchange) {
                byte[] text =
                        SubscriberMetric.text(modelId, subscriber.status()).getBytes(StandardCharsets.UTF_8);
                exchange.getResponseHeaders().set("Content-Type", TYPE);
                exchange.sendResponseHeaders(200, text.length);
                exchange.getResponseBody().write(text);
            }
        });
        server.start();
        return page;
    }

    /** Where it answers. */
    public int port() {
        return server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
        executor.shutdownNow();
    }
}
