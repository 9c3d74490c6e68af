package dev.koine.lifecycle.head;

import dev.koine.flink.state.Turn;
import dev.koine.lifecycle.gate.Languages;
import dev.koine.lifecycle.metric.GateVerdict;
import dev.koine.lifecycle.metric.Instruments;
import dev.koine.lifecycle.metric.JobMetrics;
import dev.koine.schemas.Change;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelUpdate;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How the models of one {@link Head} stand, as gauges, and the versions it gives out. What the gauges say is taken from state when it changes, on the thread
 * that uses state; whoever reads them does not touch it.
 */
public final class HeadMetrics {
    private final Instruments instruments;
    private final InstantSource clock;
    private final Map<String, Gauges> models = new HashMap<>();

    /** @param clock tells how old things are */
    public HeadMetrics(Instruments instruments, InstantSource clock) {
        this.instruments = instruments;
        this.clock = clock;
    }

    /** Takes what is reported of the current model from state; to be called when a turn has come or is finished. */
    public void look(String modelId, Head head) throws IOException {
        look(modelId, head::progress);
    }

    /** Looks a model's progress up, given the last turn that was known of before. */
    interface Lookup {
        HeadProgress after(long last) throws IOException;
    }

    void look(String modelId, Lookup progress) throws IOException {
        @Nullable Gauges gauges = models.get(modelId);
        boolean isNew = gauges == null;
        if (gauges == null) {
            gauges = new Gauges();
            models.put(modelId, gauges);
        }
        gauges.set(progress.after(gauges.last));
        if (isNew) {
            report(modelId, gauges);
        }
    }

    /** A version is given out. */
    public void made(ModelUpdate update) {
        instruments
                .counter(
                        JobMetrics.VERSIONS_MADE,
                        update.getModelId(),
                        label(update.getCause().getChange()))
                .accept(1);
    }

    /** Counters that few values tell apart are there from the beginning, at 0: an increase from nothing is none. */
    private void report(String modelId, Gauges gauges) {
        for (Change change : Change.values()) {
            instruments.counter(JobMetrics.VERSIONS_MADE, modelId, label(change));
        }
        for (GateVerdict verdict : GateVerdict.values()) {
            instruments.counter(JobMetrics.GATE_VERDICTS, modelId, verdict.label());
        }
        instruments.gauge(JobMetrics.QUEUE_EVENTS, () -> gauges.waiting, modelId);
        instruments.gauge(JobMetrics.QUEUE_OLDEST, () -> secondsSince(gauges.dueSentMillis), modelId);
        instruments.gauge(JobMetrics.VERSION_NEWEST, () -> gauges.version, modelId);
        instruments.gauge(JobMetrics.VERSION_AGE, () -> secondsSince(gauges.madeMillis), modelId);
        instruments.gauge(JobMetrics.VERSION_EXPERTS, () -> gauges.experts, modelId);
        instruments.gauge(JobMetrics.VERSION_LANGUAGES, () -> gauges.languages, modelId);
    }

    private static String label(Change change) {
        return change.name().toLowerCase(Locale.ROOT);
    }

    /** @param millis 0 for what there is not; some records have no timestamp, which is below */
    private double secondsSince(long millis) {
        return millis <= 0
                ? 0
                : Math.max(0, clock.millis() - millis)
                        / (double) Duration.ofSeconds(1).toMillis();
    }

    /** Of one model; times in milliseconds since 1970. */
    private static final class Gauges {
        private long last = -1;
        private volatile long waiting;
        private volatile long dueSentMillis;
        private volatile long version = -1;
        private volatile long madeMillis;
        private volatile long experts;
        private volatile long languages;

        void set(HeadProgress progress) {
            last = progress.last();
            waiting = progress.waiting();
            @Nullable Turn due = progress.due();
            dueSentMillis = due == null ? 0 : due.getEvent().getTimestamp();
            @Nullable ModelUpdate newest = progress.newest();
            if (newest != null) {
                version = newest.getVersion();
                madeMillis = newest.getTime().toEpochMilli();
                experts = newest.getExperts().size();
                languages = languages(newest.getExperts());
            }
        }

        private static long languages(List<MergedExpert> experts) {
            return experts.stream()
                    .flatMap(expert -> expert.getLanguages().stream())
                    .map(Languages::primary)
                    .distinct()
                    .count();
        }
    }
}
