package dev.koine.broker;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.tools.StorageTool;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;

/**
 * A single-node Kafka broker and controller (KRaft) in this JVM, reachable from this machine only. Topics, records and committed
 * transactions live in its directory: a broker started there again has them all. Topics are not created by use. How much it logs
 * is up to the logging configuration of the application, under {@code kafka}, {@code org.apache.kafka} and {@code state.change}.
 */
public final class EmbeddedBroker implements AutoCloseable {
    private static final String LOOPBACK = "127.0.0.1";
    private static final String PLAINTEXT = "PLAINTEXT";

    private final KafkaRaftServer server;
    private final int port;

    private EmbeddedBroker(KafkaRaftServer server, int port) {
        this.server = server;
        this.port = port;
    }

    /**
     * Starts a broker on a free port.
     *
     * @throws IOException if the directory cannot be used or the broker does not come up
     */
    public static EmbeddedBroker start(Path directory) throws IOException {
        return start(directory, 0);
    }

    /**
     * Starts a broker and returns when it serves requests.
     *
     * @param directory holds the broker's data; created and formatted where that has not been done
     * @param port of the loopback interface; 0 for a free one
     * @throws IOException if the directory cannot be used, another broker uses it, or the port is taken
     */
    public static EmbeddedBroker start(Path directory, int port) throws IOException {
        return start(directory, port, PLAINTEXT, Map.of());
    }

    /**
     * As {@link #start(Path, int)}, with a listener that speaks another protocol.
     *
     * @param protocol {@code SASL_SSL}, {@code SSL}, {@code SASL_PLAINTEXT} or {@code PLAINTEXT}
     * @param settings of the broker that go with it: keys, users, an authorizer
     */
    public static EmbeddedBroker start(Path directory, int port, String protocol, Map<String, String> settings)
            throws IOException {
        int brokerPort;
        int controllerPort;
        try (ServerSocket broker = bind(port);
                ServerSocket controller = bind(0)) {
            brokerPort = broker.getLocalPort();
            controllerPort = controller.getLocalPort();
        }
        Files.createDirectories(directory);
        Path data = directory.resolve("data");
        Properties properties = properties(data, protocol, brokerPort, controllerPort);
        properties.putAll(settings);
        if (!Files.exists(data.resolve("meta.properties"))) {
            format(directory, properties);
        }
        try {
            return new EmbeddedBroker(started(new KafkaConfig(properties)), brokerPort);
        } catch (CompletionException e) {
            throw new IOException(
                    "The Kafka broker in " + directory + " does not start: "
                            + (e.getCause() == null ? e : e.getCause()).getMessage()
                            + ". Does another process use this directory or port " + brokerPort + "?",
                    e);
        }
    }

    /** In a thread that nobody interrupts: a broker that is interrupted while it starts ends the JVM. */
    private static KafkaRaftServer started(KafkaConfig config) {
        return CompletableFuture.supplyAsync(() -> {
                    KafkaRaftServer server = new KafkaRaftServer(config, Time.SYSTEM);
                    server.startup();
                    return server;
                })
                .join();
    }

    /** What clients connect to: {@code host:port}. */
    public String bootstrapServers() {
        return LOOPBACK + ":" + port;
    }

    public int port() {
        return port;
    }

    /** Stops the broker; its data stays. */
    @Override
    public void close() {
        server.shutdown();
        server.awaitShutdown();
    }

    private static ServerSocket bind(int port) throws IOException {
        ServerSocket socket = new ServerSocket();
        try {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getByName(LOOPBACK), port));
            return socket;
        } catch (IOException e) {
            socket.close();
            throw new IOException(
                    "Port " + port + " of " + LOOPBACK + " is taken. Choose another one, or 0 for any that is free.",
                    e);
        }
    }

    private static void format(Path directory, Properties properties) throws IOException {
        Path config = directory.resolve("format.properties");
        try (OutputStream out = Files.newOutputStream(config)) {
            properties.store(out, null);
        }
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        String[] arguments = {"format", "--cluster-id", Uuid.randomUuid().toString(), "--config", config.toString()};
        int exit = StorageTool.execute(arguments, new PrintStream(said, true, StandardCharsets.UTF_8));
        Files.delete(config);
        if (exit != 0) {
            throw new IOException("The Kafka broker's directory " + directory + " cannot be formatted: "
                    + said.toString(StandardCharsets.UTF_8).strip());
        }
    }

    private static Properties properties(Path data, String protocol, int brokerPort, int controllerPort) {
        Properties properties = new Properties();
        properties.setProperty("process.roles", "broker,controller");
        properties.setProperty("node.id", "1");
        properties.setProperty("controller.quorum.voters", "1@" + LOOPBACK + ":" + controllerPort);
        properties.setProperty("controller.listener.names", "CONTROLLER");
        properties.setProperty(
                "listeners",
                protocol + "://" + LOOPBACK + ":" + brokerPort + ",CONTROLLER://" + LOOPBACK + ":" + controllerPort);
        properties.setProperty("advertised.listeners", protocol + "://" + LOOPBACK + ":" + brokerPort);
        properties.setProperty("listener.security.protocol.map", protocol + ":" + protocol + ",CONTROLLER:PLAINTEXT");
        properties.setProperty("inter.broker.listener.name", protocol);
        properties.setProperty("log.dirs", data.toAbsolutePath().toString());
        properties.setProperty("auto.create.topics.enable", "false");
        properties.setProperty("group.initial.rebalance.delay.ms", "0");
        for (String topic : new String[] {"offsets.topic", "transaction.state.log", "share.coordinator.state.topic"}) {
            properties.setProperty(topic + ".replication.factor", "1");
            properties.setProperty(topic + ".num.partitions", "1");
        }
        properties.setProperty("transaction.state.log.min.isr", "1");
        properties.setProperty("share.coordinator.state.topic.min.isr", "1");
        properties.setProperty("log.cleaner.dedupe.buffer.size", Integer.toString(4 << 20));
        properties.setProperty("num.network.threads", "1");
        properties.setProperty("num.io.threads", "2");
        return properties;
    }
}
