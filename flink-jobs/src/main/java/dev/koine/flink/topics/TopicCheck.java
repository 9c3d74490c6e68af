package dev.koine.flink.topics;

import dev.koine.schemas.Topics;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Looks whether topics that somebody else made, or changed, lose events. Keys are model ids, and rejections may have none. */
public final class TopicCheck {
    /** What Kafka takes by default; smaller and the job cannot write what it has to. */
    private static final long LARGEST_MESSAGE = 1_048_588;

    private static final long DAY = 86_400_000;

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(100);

    private TopicCheck() {}

    /**
     * What is wrong with the settings of Koine's topics, a sentence each, with what to set instead; empty if nothing is.
     *
     * @param kafka client properties
     * @throws IOException if the broker does not answer, or does not show the settings
     */
    public static List<String> problems(Properties kafka, Topics topics) throws IOException {
        List<ConfigResource> resources = Stream.of(
                        topics.models(), topics.experts(), topics.updates(), topics.rejections())
                .map(topic -> new ConfigResource(ConfigResource.Type.TOPIC, topic))
                .toList();
        List<String> problems = new ArrayList<>();
        try (Admin admin = Admin.create(kafka)) {
            described(admin, resources)
                    .forEach((topic, config) -> problems.addAll(problems(topics, topic.name(), settings(config))));
        } catch (ExecutionException e) {
            throw new IOException("The settings of Koine's topics cannot be seen: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("Interrupted while looking at topics", e);
        }
        return problems;
    }

    /** A topic that was made a moment ago is not known to every broker yet. */
    private static Map<ConfigResource, Config> described(Admin admin, List<ConfigResource> topics)
            throws ExecutionException, InterruptedException {
        long patience = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                return admin.describeConfigs(topics).all().get();
            } catch (ExecutionException e) {
                boolean mayCome = e.getCause() instanceof UnknownTopicOrPartitionException;
                if (!mayCome || System.nanoTime() > patience) {
                    throw e;
                }
                Thread.sleep(BETWEEN_LOOKS.toMillis());
            }
        }
    }

    private static Map<String, String> settings(Config config) {
        Map<String, String> settings = new HashMap<>();
        for (ConfigEntry entry : config.entries()) {
            if (entry.value() != null) {
                settings.put(entry.name(), entry.value());
            }
        }
        return settings;
    }

    /** As {@link #problems(Properties, Topics)}, of one topic with these settings. */
    static List<String> problems(Topics topics, String topic, Map<String, String> settings) {
        List<String> problems = new ArrayList<>();
        List<String> policy = Arrays.asList(
                settings.getOrDefault(TopicConfig.CLEANUP_POLICY_CONFIG, "").split(" *, *"));
        boolean compacted = policy.contains(TopicConfig.CLEANUP_POLICY_COMPACT);
        if (compacted && topic.equals(topics.experts())) {
            problems.add(sentence(
                    topic,
                    TopicConfig.CLEANUP_POLICY_CONFIG,
                    settings,
                    "of all experts of a model only the last event stays, and those that the job has not read yet are lost",
                    TopicConfig.CLEANUP_POLICY_DELETE));
        }
        if (compacted && topic.equals(topics.rejections())) {
            problems.add(sentence(
                    topic,
                    TopicConfig.CLEANUP_POLICY_CONFIG,
                    settings,
                    "the broker refuses rejections without a key there, and the job restarts for ever",
                    TopicConfig.CLEANUP_POLICY_DELETE));
        }
        if (policy.contains(TopicConfig.CLEANUP_POLICY_DELETE) && !topic.equals(topics.rejections())) {
            String loss = topic.equals(topics.updates())
                    ? "services that start later find no version of a model that has been quiet since"
                    : "events that the job has not read by then, since it was down or behind, are lost";
            for (String name : List.of(TopicConfig.RETENTION_MS_CONFIG, TopicConfig.RETENTION_BYTES_CONFIG)) {
                if (number(settings, name, -1) >= 0) {
                    problems.add(sentence(topic, name, settings, loss, "-1"));
                }
            }
        }
        if (number(settings, TopicConfig.MAX_MESSAGE_BYTES_CONFIG, LARGEST_MESSAGE) < LARGEST_MESSAGE) {
            problems.add(sentence(
                    topic,
                    TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
                    settings,
                    "events with long lists of files are not taken",
                    String.valueOf(LARGEST_MESSAGE)));
        }
        return problems;
    }

    private static long number(Map<String, String> settings, String name, long preset) {
        String value = settings.get(name);
        return value == null ? preset : Long.parseLong(value);
    }

    private static String sentence(String topic, String name, Map<String, String> settings, String loss, String right) {
        String value = settings.get(name);
        String days = name.equals(TopicConfig.RETENTION_MS_CONFIG) ? " (" + Long.parseLong(value) / DAY + " days)" : "";
        return "Topic " + topic + " has " + name + "=" + value + days + ": " + loss
                + ". Set it right: kafka-configs.sh --bootstrap-server BROKER"
                + " --alter --entity-type topics --entity-name " + topic + " --add-config " + name + "=" + right;
    }
}
