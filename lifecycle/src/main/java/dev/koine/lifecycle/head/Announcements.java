package dev.koine.lifecycle.head;

import dev.koine.lifecycle.metric.Instruments;
import dev.koine.lifecycle.metric.JobMetrics;
import dev.koine.schemas.ModelUpdate;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * How long events take until their versions are announced: from the event's timestamp in Kafka to when the checkpoint is complete that holds
 * the version, for with it the version is committed, and readers see it. What was given out and not announced before a crash is given out again, and
 * measured then; what was announced and not told of before a crash is not measured.
 */
public final class Announcements {
    private final Instruments instruments;
    private final InstantSource clock;
    private final NavigableMap<Long, List<Sent>> held = new TreeMap<>();
    private List<Sent> open = new ArrayList<>();

    public Announcements(Instruments instruments, InstantSource clock) {
        this.instruments = instruments;
        this.clock = clock;
    }

    private record Sent(String modelId, long millis) {}

    /** A version is given out. */
    public void made(ModelUpdate update) {
        long millis = update.getCause().getPosition().getTimestamp().toEpochMilli();
        boolean hasTimestamp = millis > 0;
        if (hasTimestamp) {
            open.add(new Sent(update.getModelId(), millis));
        }
    }

    /** A checkpoint holds what was given out until now. */
    public void snapshot(long checkpoint) {
        if (!open.isEmpty()) {
            held.put(checkpoint, open);
            open = new ArrayList<>();
        }
    }

    /** A checkpoint is complete, and what the ones before it held is in it. */
    public void completed(long checkpoint) {
        Map<Long, List<Sent>> announced = held.headMap(checkpoint, true);
        long now = clock.millis();
        announced
                .values()
                .forEach(versions -> versions.forEach(sent -> instruments
                        .histogram(JobMetrics.EVENT_ANNOUNCED, sent.modelId())
                        .accept(TimeUnit.MILLISECONDS.toNanos(Math.max(0, now - sent.millis())))));
        announced.clear();
    }
}
