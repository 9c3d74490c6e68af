package dev.koine.e2e.services;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.koine.testkit.FreePorts;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** The store over HTTP, for those who read it so: while a fault lasts it is slow, silent, cut off, short, busy or not there. */
final class StoreFront implements AutoCloseable {
    static final List<String> FAULTS = List.of(
            "HTTP store is slow",
            "HTTP store is silent",
            "HTTP store cuts off",
            "HTTP store sends less",
            "HTTP store sends other bytes",
            "HTTP store answers 503",
            "HTTP store is killed");

    private static final int PIECE = 20_000;
    private static final int SLOW_MILLIS = 50;

    private final Path root;
    private final int port = FreePorts.one();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final AtomicLong hit = new AtomicLong();
    private @Nullable HttpServer server;
    private volatile String fault = "";

    StoreFront(Path root) throws IOException {
        this.root = root;
        open();
    }

    String uri() {
        return "http://127.0.0.1:" + port + "/";
    }

    /** Answers that a fault spoiled. */
    long hit() {
        return hit.get();
    }

    synchronized void begin(String kind) {
        fault = kind;
        if (kind.equals("HTTP store is killed") && server != null) {
            server.stop(0);
            server = null;
        }
    }

    synchronized void mend() throws IOException {
        fault = "";
        if (server == null) {
            open();
        }
    }

    private void open() throws IOException {
        HttpServer opened = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        opened.setExecutor(threads);
        opened.createContext("/", this::answer);
        opened.start();
        server = opened;
    }

    private void answer(HttpExchange exchange) throws IOException {
        String now = fault;
        try (exchange) {
            if (!now.isEmpty()) {
                hit.incrementAndGet();
            }
            Path file = root.resolve(exchange.getRequestURI().getPath().substring(1));
            if (now.equals("HTTP store answers 503")) {
                exchange.sendResponseHeaders(503, -1);
            } else if (Files.isRegularFile(file)) {
                send(exchange, Files.readAllBytes(file), now);
            } else {
                exchange.sendResponseHeaders(404, -1);
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    private void send(HttpExchange exchange, byte[] bytes, String now) throws IOException, InterruptedException {
        boolean sendsLess = now.equals("HTTP store sends less");
        int length = sendsLess ? bytes.length / 2 : bytes.length;
        exchange.sendResponseHeaders(200, length);
        if (now.equals("HTTP store sends other bytes")) {
            bytes[bytes.length / 2] ^= 1;
        }
        for (int at = 0; at < length; at += PIECE) {
            boolean isHalf = at >= length / 2;
            if (now.equals("HTTP store cuts off") && isHalf) {
                return;
            }
            while (now.equals("HTTP store is silent") && isHalf && fault.equals(now)) {
                Thread.sleep(SLOW_MILLIS);
            }
            if (now.equals("HTTP store is slow")) {
                Thread.sleep(SLOW_MILLIS);
            }
            exchange.getResponseBody().write(bytes, at, Math.min(PIECE, length - at));
            exchange.getResponseBody().flush();
        }
    }

    @Override
    public synchronized void close() {
        fault = "";
        if (server != null) {
            server.stop(0);
        }
        threads.shutdownNow();
    }
}
