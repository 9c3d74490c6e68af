package dev.koine.cli.option;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How to reach the broker. */
public final class KafkaOptions {
    @Option(
            names = "--bootstrap-servers",
            paramLabel = "HOST:PORT",
            description = {
                "Kafka brokers (default: those in the file of --kafka-config, else in KOINE_BOOTSTRAP_SERVERS,",
                "else 127.0.0.1:9092)."
            })
    @Nullable
    public String bootstrapServers;

    @Option(
            names = "--kafka-config",
            paramLabel = "FILE",
            description = "Properties for the Kafka clients, such as security settings.")
    @Nullable
    public Path config;

    /**
     * The clients' properties.
     *
     * @throws IOException if no broker's name leads anywhere
     */
    public Properties properties() throws IOException {
        Properties properties = unchecked();
        BrokerNames.require(properties.getProperty("bootstrap.servers"));
        return properties;
    }

    /** The clients' properties, for one who waits for a broker however long it is away. */
    public Properties unchecked() throws IOException {
        Properties properties = new Properties();
        if (config != null) {
            try (InputStream in = Files.newInputStream(config)) {
                properties.load(in);
            }
        }
        String fromEnvironment = System.getenv("KOINE_BOOTSTRAP_SERVERS");
        if (bootstrapServers != null) {
            properties.setProperty("bootstrap.servers", bootstrapServers);
        } else if (fromEnvironment != null && !fromEnvironment.isBlank()) {
            properties.putIfAbsent("bootstrap.servers", fromEnvironment);
        }
        properties.putIfAbsent("bootstrap.servers", "127.0.0.1:9092");
        properties.putIfAbsent("default.api.timeout.ms", "15000");
        properties.putIfAbsent("request.timeout.ms", "10000");
        return properties;
    }
}
