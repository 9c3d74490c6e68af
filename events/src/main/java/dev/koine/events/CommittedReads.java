package dev.koine.events;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;

/** How a consumer reads topics that a job writes to in transactions, from places of its own. */
public final class CommittedReads {
    /** A read that waits for committed records is not ended by their commit: it waits for its time, 500 ms by Kafka's default. */
    private static final int READ_WAITS_MILLIS = 100;

    private CommittedReads() {}

    /**
     * Settings of a consumer.
     *
     * @param kafka client properties; how long a read waits ({@code fetch.max.wait.ms}) is taken from there where it is given
     */
    public static Map<String, Object> settings(Map<?, ?> kafka) {
        Map<String, Object> settings = new HashMap<>();
        kafka.forEach((name, value) -> settings.put(String.valueOf(name), value));
        settings.putIfAbsent(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, READ_WAITS_MILLIS);
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        return settings;
    }
}
