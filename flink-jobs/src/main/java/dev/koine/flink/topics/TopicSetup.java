package dev.koine.flink.topics;

import dev.koine.schemas.Topics;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicExistsException;

/**
 * Makes Koine's topics. Models and updates are compacted, so that a newcomer finds the latest of every model however old it is;
 * compaction waits, so that the history of a model stays readable for a while. Experts and rejections are kept for ever. Of files each chunk stays once, of services the last report of each;
 * these bear the broker's time, since a broker takes no record whose time is an hour ahead of its own, and a service whose clock is wrong has to be heard.
 */
public final class TopicSetup {
    private static final Duration HISTORY = Duration.ofDays(30);

    /** Kafka's default, of which a chunk takes half. */
    private static final int CHUNK_MESSAGE_BYTES = 1_048_588;

    /** Compaction leaves out the segment that is being written. */
    private static final int CHUNK_SEGMENT_BYTES = 128 << 20;

    private TopicSetup() {}

    /** The settings of each topic of the merge job, by its name; everything else is as the broker has it. */
    public static Map<String, Map<String, String>> settings(Topics topics) {
        Map<String, String> compacted =
                Map.of("cleanup.policy", "compact", "min.compaction.lag.ms", String.valueOf(HISTORY.toMillis()));
        Map<String, String> kept = Map.of("cleanup.policy", "delete", "retention.ms", "-1");
        Map<String, Map<String, String>> settings = new LinkedHashMap<>();
        settings.put(topics.models(), compacted);
        settings.put(topics.experts(), kept);
        settings.put(topics.updates(), compacted);
        settings.put(topics.rejections(), kept);
        return settings;
    }

    /** The settings of each topic that is made: of those of the merge job, of that of services, and of that of files in chunks, whose old segments are given back soon. */
    public static Map<String, Map<String, String>> all(Topics topics) {
        Map<String, Map<String, String>> settings = new LinkedHashMap<>(settings(topics));
        settings.put(Topics.SERVICES, Map.of("cleanup.policy", "compact", "message.timestamp.type", "LogAppendTime"));
        settings.put(
                Topics.ARTIFACTS,
                Map.of(
                        "cleanup.policy",
                        "compact",
                        "max.message.bytes",
                        String.valueOf(CHUNK_MESSAGE_BYTES),
                        "segment.bytes",
                        String.valueOf(CHUNK_SEGMENT_BYTES)));
        return settings;
    }

    /**
     * Makes those topics that are not there yet, and those of services and of files; leaves the others as they are.
     *
     * @param kafka client properties
     * @param partitions of each topic; the events of one model always go to one
     * @throws IOException if the broker does not answer or refuses
     */
    public static void createMissing(Properties kafka, Topics topics, int partitions) throws IOException {
        try (Admin admin = Admin.create(kafka)) {
            for (Map.Entry<String, Map<String, String>> topic : all(topics).entrySet()) {
                create(admin, topic.getKey(), partitions, topic.getValue());
            }
        }
    }

    private static void create(Admin admin, String topic, int partitions, Map<String, String> settings)
            throws IOException {
        NewTopic wanted = new NewTopic(topic, Optional.of(partitions), Optional.empty()).configs(settings);
        try {
            admin.createTopics(List.of(wanted)).all().get();
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof TopicExistsException)) {
                throw new IOException(
                        "Topic " + topic + " cannot be made: "
                                + (e.getCause() instanceof TimeoutException
                                        ? "the broker does not answer. Does it run, is that its port, and do the client's settings"
                                                + " name the security.protocol that it wants?"
                                        : e.getMessage()),
                        e);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("Interrupted while making topic " + topic, e);
        }
    }
}
