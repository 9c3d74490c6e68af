package dev.koine.events;

import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerConfig;

/**
 * Names of Kafka's own classes in properties, such as a login module's. In the jars that go to a Flink cluster those classes have other names, so that they do
 * not meet those that a cluster has in its lib folder; a file of properties serves both.
 */
public final class KafkaClassNames {
    /** Put together here, since the tool that renames classes also renames what reads like one. */
    private static final String PUBLISHED = String.join(".", "org", "apache", "kafka", "");

    private static final String HERE = root(ConsumerConfig.class.getPackageName());

    private KafkaClassNames() {}

    /** The properties with the names that the classes have here. */
    public static Map<String, String> here(Map<String, String> properties) {
        return under(HERE, properties);
    }

    static Map<String, String> under(String root, Map<String, String> properties) {
        return properties.entrySet().stream()
                .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, property -> property.getValue()
                        .replaceAll("(?<![\\w.])" + PUBLISHED.replace(".", "\\."), root)));
    }

    private static String root(String packageName) {
        return packageName.substring(0, packageName.lastIndexOf("clients.consumer"));
    }
}
