package dev.koine.subscriber;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a subscriber stands at a moment. {@link SubscriberMetric} makes numbers with names of it.
 *
 * @param served the version that serves; null before the first
 * @param newest the highest version that the topic has shown since the start, refused ones among them; -1 before the first
 * @param behind how long a version has been known that is newer than the one that serves and was not refused; zero if there is none. A subscriber that
 *     cannot reach the broker knows of none: compare what serves with what the job has made
 * @param fromEvent from the timestamp in Kafka of the event that the serving version comes from until it served; zero before the first. A service
 *     that starts with an old version was away in that time
 * @param install how long fetching, verifying, trying and loading the serving version took, up to the swap, which takes no time; zero before the first
 * @param swaps versions that began to serve since the start
 * @param refused versions that were refused since the start
 * @param troubles how often broker, store or disk gave trouble since the start
 * @param patched versions that were computed from what changed since the start
 * @param fetchedBytes that versions took, whole or of what changed, since the start
 */
public record SubscriberStatus(
        @Nullable ServedVersion served,
        long newest,
        Duration behind,
        Duration fromEvent,
        Duration install,
        long swaps,
        long refused,
        long troubles,
        long patched,
        long fetchedBytes) {}
