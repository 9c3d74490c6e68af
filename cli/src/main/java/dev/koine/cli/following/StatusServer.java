package dev.koine.cli.following;

import com.sun.net.httpserver.HttpServer;
import dev.koine.subscriber.ServedVersion;
import dev.koine.subscriber.SubscriberMetric;
import dev.koine.subscriber.SubscriberStatus;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How a subscriber stands, over HTTP: {@code /metrics} for Prometheus; {@code /healthz}, 200 while the process is alive; {@code /readyz}, 200 once a version
 * serves and 503 before.
 */
public final class StatusServer implements AutoCloseable {
    private static final String METRICS = "text/plain; version=0.0.4; charset=utf-8";
    private static final String TEXT = "text/plain; charset=utf-8";

    private final HttpServer server;
    private final ExecutorService executor = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "koine-status");
        thread.setDaemon(true);
        return thread;
    });

    private StatusServer(HttpServer server) {
        this.server = server;
    }

    private record Answer(int status, String type, String text) {}

    /**
     * Starts to answer.
     *
     * @param address port 0 for any that is free
     * @throws IOException if the port is taken
     */
    public static StatusServer start(InetSocketAddress address, String modelId, Supplier<SubscriberStatus> status)
            throws IOException {
        StatusServer pages = new StatusServer(HttpServer.create(address, 0));
        pages.server.setExecutor(pages.executor);
        pages.page("/metrics", () -> new Answer(200, METRICS, SubscriberMetric.text(modelId, status.get())));
        pages.page("/healthz", () -> new Answer(200, TEXT, "alive\n"));
        pages.page("/readyz", () -> ready(status.get().served()));
        pages.server.start();
        return pages;
    }

    private static Answer ready(@Nullable ServedVersion served) {
        return served == null
                ? new Answer(503, TEXT, "no version yet\n")
                : new Answer(200, TEXT, "version " + served.version() + "\n");
    }

    private void page(String path, Supplier<Answer> answers) {
        server.createContext(path, exchange -> {
            try (exchange) {
                Answer answer = answers.get();
                byte[] text = answer.text().getBytes(StandardCharsets.UTF_8);
                exchange.getResponseHeaders().set("Content-Type", answer.type());
                exchange.sendResponseHeaders(answer.status(), text.length);
                exchange.getResponseBody().write(text);
            }
        });
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
