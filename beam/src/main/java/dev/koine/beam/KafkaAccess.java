package dev.koine.beam;

import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;

/**
 * How workers reach the broker.
 *
 * @param settings of Kafka clients, {@code bootstrap.servers} among them, and of a schema registry, as {@link
 *     dev.koine.events.registry.EventFormat} has them
 */
record KafkaAccess(Map<String, String> settings) implements Serializable {
    private static final String BOOTSTRAP_SERVERS = "bootstrap.servers";

    KafkaAccess {
        settings = Map.copyOf(settings);
    }

    static KafkaAccess none() {
        return new KafkaAccess(Map.of());
    }

    KafkaAccess withBootstrapServers(String servers) {
        return with(Map.of(BOOTSTRAP_SERVERS, servers));
    }

    KafkaAccess with(Map<String, String> more) {
        Map<String, String> all = new HashMap<>(settings);
        all.putAll(more);
        return new KafkaAccess(all);
    }

    /** @throws IllegalArgumentException if no broker is named */
    String bootstrapServers() {
        String servers = settings.getOrDefault(BOOTSTRAP_SERVERS, "");
        if (servers.isBlank()) {
            throw new IllegalArgumentException(
                    "No broker is named. Give bootstrap.servers, such as localhost:9092, by withBootstrapServers.");
        }
        return servers;
    }

    Properties properties() {
        Properties properties = new Properties();
        properties.putAll(settings);
        return properties;
    }

    /** Without values, among which are passwords. */
    @Override
    public String toString() {
        return "Kafka settings " + settings.keySet();
    }
}
