package dev.koine.lifecycle.metric;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** Counts what becomes of events. */
public final class EventMetrics {
    private final Instruments instruments;
    private final Map<String, LongConsumer> taken = new ConcurrentHashMap<>();
    private final Map<Refused, LongConsumer> rejected = new ConcurrentHashMap<>();

    public EventMetrics(Instruments instruments) {
        this.instruments = instruments;
    }

    private record Refused(String model, String code) {}

    /** An event of a model got its turn. */
    public void taken(String modelId) {
        taken.computeIfAbsent(modelId, model -> instruments.counter(JobMetrics.EVENTS_TAKEN, model))
                .accept(1);
    }

    /**
     * An event was refused.
     *
     * @param registered the event's model; null where no such model is registered, lest whoever may send events may make up labels
     */
    public void rejected(@Nullable String registered, String code) {
        rejected.computeIfAbsent(
                        new Refused(registered == null ? MetricLabel.NO_MODEL : registered, code),
                        refused -> instruments.counter(JobMetrics.EVENTS_REJECTED, refused.model(), refused.code()))
                .accept(1);
    }
}
