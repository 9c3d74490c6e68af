package dev.koine.events.inband;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * What was read of the topic, and where in it chunks of which file were: so that nothing is looked for where it cannot be. Each partition is read
 * forward from where it ended at first, and backward from there, newest first, as long as anything is missing.
 */
final class Coverage {
    /** Chunks in one step at most: up to 128 MiB of each partition. */
    static final int LONGEST_STEP = 256;

    /** So that who may write to the topic cannot fill the memory; what is not known is read again. */
    private static final int MOST_FILES = 50_000;

    private final Map<TopicPartition, Span> covered = new HashMap<>();
    private final Map<String, Map<TopicPartition, Span>> places = new HashMap<>();

    /** Begins at the ends, or goes on; a topic that is another than before, since it ends earlier, is begun with anew. */
    void begin(Map<TopicPartition, Long> beginnings, Map<TopicPartition, Long> ends) {
        boolean isOther = covered.entrySet().stream()
                .anyMatch(span ->
                        ends.getOrDefault(span.getKey(), 0L) < span.getValue().to());
        if (isOther || places.size() > MOST_FILES) {
            forget();
        }
        ends.forEach((partition, end) -> {
            Span span = covered.computeIfAbsent(partition, added -> new Span(end, end));
            long first = beginnings.getOrDefault(partition, 0L);
            covered.put(partition, new Span(Math.max(first, span.from()), Math.max(first, span.to())));
        });
    }

    /** Everything may be anywhere. */
    void forget() {
        covered.clear();
        places.clear();
    }

    /** Where chunks of these files were, as far as that is still there. */
    Map<TopicPartition, Span> places(
            Collection<String> files, Map<TopicPartition, Long> beginnings, Map<TopicPartition, Long> ends) {
        Map<TopicPartition, Span> found = new HashMap<>();
        for (String sha256 : files) {
            places.getOrDefault(sha256, Map.of())
                    .forEach((partition, span) -> found.merge(
                            partition,
                            span,
                            (a, b) -> new Span(Math.min(a.from(), b.from()), Math.max(a.to(), b.to()))));
        }
        Map<TopicPartition, Span> spans = new HashMap<>();
        found.forEach((partition, span) -> put(
                spans,
                partition,
                Math.max(span.from(), beginnings.getOrDefault(partition, 0L)),
                Math.min(span.to(), ends.getOrDefault(partition, 0L))));
        return spans;
    }

    /** What has come since, a step of it; empty if all is read. */
    Map<TopicPartition, Span> forward(Map<TopicPartition, Long> ends) {
        Map<TopicPartition, Span> spans = new HashMap<>();
        covered.forEach((partition, span) -> put(
                spans,
                partition,
                span.to(),
                Math.min(span.to() + LONGEST_STEP, ends.getOrDefault(partition, span.to()))));
        return spans;
    }

    /**
     * What was there before what was read; empty if all is read.
     *
     * @param step how many chunks of each partition
     */
    Map<TopicPartition, Span> backward(Map<TopicPartition, Long> beginnings, int step) {
        Map<TopicPartition, Span> spans = new HashMap<>();
        covered.forEach((partition, span) -> put(
                spans,
                partition,
                Math.max(span.from() - step, beginnings.getOrDefault(partition, span.from())),
                span.from()));
        return spans;
    }

    private static void put(Map<TopicPartition, Span> spans, TopicPartition partition, long from, long to) {
        Span span = new Span(from, to);
        if (!span.isEmpty()) {
            spans.put(partition, span);
        }
    }

    /** These spans were read; one that leaves a gap to what was read before is read again. */
    void add(Map<TopicPartition, Span> spans) {
        spans.forEach((partition, span) -> covered.computeIfPresent(
                partition,
                (same, before) -> span.to() < before.from() || span.from() > before.to()
                        ? before
                        : new Span(Math.min(before.from(), span.from()), Math.max(before.to(), span.to()))));
    }

    /** A chunk of this file was here. */
    void note(String sha256, TopicPartition partition, long offset) {
        @Nullable Map<TopicPartition, Span> known = places.get(sha256);
        if (known == null) {
            if (places.size() > MOST_FILES) {
                return;
            }
            known = new HashMap<>();
            places.put(sha256, known);
        }
        known.merge(partition, new Span(offset, offset + 1), (span, one) -> span.with(offset));
    }
}
