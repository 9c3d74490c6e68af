package dev.koine.subscriber;

import java.time.Duration;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * The metrics of a subscriber, for whatever a service reports metrics with: a name as Prometheus has them, and the number that a {@linkplain
 * ModelSubscriber#status status} gives it. Label them with the model.
 */
public enum SubscriberMetric {
    SERVED_VERSION("version that serves; -1 before the first", status -> {
        ServedVersion served = status.served();
        return served == null ? -1 : served.version();
    }),
    NEWEST_VERSION(
            "highest version that the topic has shown, refused ones among them; -1 before the first",
            SubscriberStatus::newest),
    BEHIND_SECONDS(
            "how long a version has been known that is newer than the one that serves and was not refused; 0 if there is none",
            status -> seconds(status.behind())),
    EVENT_TO_SERVED_SECONDS(
            "from an event's timestamp in Kafka until its version served, of the one that serves",
            status -> seconds(status.fromEvent())),
    INSTALL_SECONDS(
            "fetching, verifying, trying and loading the version that serves, up to the swap",
            status -> seconds(status.install())),
    SWAPS_TOTAL("versions that began to serve", SubscriberStatus::swaps),
    REFUSED_TOTAL("versions that were refused", SubscriberStatus::refused),
    TROUBLES_TOTAL("times that broker, store or disk gave trouble", SubscriberStatus::troubles),
    PATCHED_TOTAL("versions that were computed from what changed", SubscriberStatus::patched),
    FETCHED_BYTES_TOTAL("bytes that versions took, whole or of what changed", SubscriberStatus::fetchedBytes);

    private static final String PREFIX = "koine_subscriber_";

    private final String description;
    private final ToDoubleFunction<SubscriberStatus> value;

    SubscriberMetric(String description, ToDoubleFunction<SubscriberStatus> value) {
        this.description = description;
        this.value = value;
    }

    /** Its name, such as {@code koine_subscriber_served_version}; seconds and counters end in {@code _seconds} and {@code _total}. */
    public String metricName() {
        return PREFIX + name().toLowerCase(Locale.ROOT);
    }

    /** For readers; one line. */
    public String description() {
        return description;
    }

    /** Whether it only grows while the subscriber lives. */
    public boolean isCounter() {
        return name().endsWith("_TOTAL");
    }

    /** Its number at a moment. */
    public double of(SubscriberStatus status) {
        return value.applyAsDouble(status);
    }

    /**
     * All of them in Prometheus' text format, version 0.0.4, for a page that Prometheus reads.
     *
     * @param modelId value of the label {@code model}
     */
    public static String text(String modelId, SubscriberStatus status) {
        String model = modelId.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
        StringBuilder text = new StringBuilder();
        for (SubscriberMetric metric : values()) {
            String name = metric.metricName();
            text.append("# HELP ")
                    .append(name)
                    .append(' ')
                    .append(metric.description())
                    .append('\n');
            text.append("# TYPE ").append(name).append(metric.isCounter() ? " counter\n" : " gauge\n");
            text.append(name).append("{model=\"").append(model).append("\"} ");
            text.append(metric.of(status)).append('\n');
        }
        return text.toString();
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }
}
