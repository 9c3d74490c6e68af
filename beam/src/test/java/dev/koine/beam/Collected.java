package dev.koine.beam;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.beam.sdk.transforms.DoFn;

/** What comes out of a pipeline that runs in this JVM, for a test to look at. */
final class Collected<T> extends DoFn<T, Void> {
    private static final Map<String, List<Object>> ALL = new ConcurrentHashMap<>();
    private static final long serialVersionUID = 1L;
    private final String id = UUID.randomUUID().toString();

    @ProcessElement
    public void take(@Element T element) {
        ALL.computeIfAbsent(id, key -> new CopyOnWriteArrayList<>()).add(element);
    }

    /** Everything so far. */
    @SuppressWarnings("unchecked")
    List<T> all() {
        return (List<T>) List.copyOf(ALL.getOrDefault(id, List.of()));
    }
}
