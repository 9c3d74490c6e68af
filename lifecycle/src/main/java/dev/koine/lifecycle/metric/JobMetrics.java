package dev.koine.lifecycle.metric;

import static dev.koine.lifecycle.metric.MetricArea.EVENT;
import static dev.koine.lifecycle.metric.MetricArea.GATE;
import static dev.koine.lifecycle.metric.MetricArea.PRUNE;
import static dev.koine.lifecycle.metric.MetricArea.QUEUE;
import static dev.koine.lifecycle.metric.MetricArea.STORE;
import static dev.koine.lifecycle.metric.MetricArea.VERSION;
import static dev.koine.lifecycle.metric.MetricLabel.CHANGE;
import static dev.koine.lifecycle.metric.MetricLabel.CODE;
import static dev.koine.lifecycle.metric.MetricLabel.KIND;
import static dev.koine.lifecycle.metric.MetricLabel.MODEL;
import static dev.koine.lifecycle.metric.MetricLabel.SIZE;
import static dev.koine.lifecycle.metric.MetricLabel.VERDICT;

import dev.koine.lifecycle.event.Stage;
import java.util.List;

/** All metrics of the merge job. {@code docs/metrics.md} is made of this. */
public final class JobMetrics {
    private static final List<Stage> HEAD = List.of(Stage.HEAD);

    public static final JobMetric EVENTS_TAKEN = counter(
            EVENT,
            "taken_total",
            MetricUnit.EVENTS,
            List.of(MODEL),
            List.of(Stage.INTAKE),
            "events that were checked and got their turn");

    public static final JobMetric EVENTS_REJECTED = counter(
            EVENT,
            "rejected_total",
            MetricUnit.EVENTS,
            List.of(MODEL, CODE),
            List.of(Stage.DECODE, Stage.INTAKE, Stage.HEAD),
            "events that were refused");

    public static final JobMetric EVENT_ANNOUNCED = histogram(
            EVENT,
            "announced_seconds",
            List.of(MODEL),
            HEAD,
            "from an event's timestamp in Kafka to the end of the checkpoint that its version is committed with, when readers begin to see it");

    public static final JobMetric QUEUE_EVENTS = gauge(
            QUEUE,
            "events",
            MetricUnit.EVENTS,
            List.of(MODEL),
            HEAD,
            "events that have their turn and have come to no version or rejection yet");

    public static final JobMetric QUEUE_OLDEST = gauge(
            QUEUE,
            "oldest_seconds",
            MetricUnit.SECONDS,
            List.of(MODEL),
            HEAD,
            "how long ago the one of these that is due was sent, by its timestamp in Kafka; 0 if none waits");

    public static final JobMetric VERSIONS_MADE = counter(
            VERSION,
            "made_total",
            MetricUnit.VERSIONS,
            List.of(MODEL, CHANGE),
            HEAD,
            "versions given out, to be announced with the next checkpoint");

    public static final JobMetric VERSION_NEWEST = gauge(
            VERSION,
            "newest",
            MetricUnit.NUMBER,
            List.of(MODEL),
            HEAD,
            "number of the newest version given out; -1 before version 0");

    public static final JobMetric VERSION_AGE = gauge(
            VERSION,
            "newest_age_seconds",
            MetricUnit.SECONDS,
            List.of(MODEL),
            HEAD,
            "how long ago the newest version was made");

    public static final JobMetric VERSION_EXPERTS =
            gauge(VERSION, "experts", MetricUnit.NUMBER, List.of(MODEL), HEAD, "experts inside the newest version");

    public static final JobMetric VERSION_LANGUAGES = gauge(
            VERSION,
            "languages",
            MetricUnit.NUMBER,
            List.of(MODEL),
            HEAD,
            "languages of these experts, by primary subtag");

    public static final JobMetric VERSION_MAKING = histogram(
            VERSION,
            "making_seconds",
            List.of(MODEL),
            HEAD,
            "making a candidate, whatever becomes of it: totals and weights, without pruning and evaluation");

    public static final JobMetric PRUNE_TENSOR = histogram(
            PRUNE,
            "tensor_seconds",
            List.of(SIZE),
            List.of(Stage.PRUNE),
            "reading and pruning one tensor, or one run of a tensor that is kept whole");

    public static final JobMetric PRUNE_ELEMENTS = counter(
            PRUNE,
            "elements_total",
            MetricUnit.ELEMENTS,
            List.of(SIZE),
            List.of(Stage.PRUNE),
            "elements of the tensors that were pruned");

    public static final JobMetric GATE_EVALUATION = histogram(
            GATE,
            "evaluation_seconds",
            List.of(MODEL),
            HEAD,
            "evaluating a candidate, or a base, on the model's evaluation sets");

    public static final JobMetric GATE_VERDICTS = counter(
            GATE,
            "verdicts_total",
            MetricUnit.NUMBER,
            List.of(MODEL, VERDICT),
            HEAD,
            "what the gate made of candidates and bases");

    public static final JobMetric STORE_WRITTEN = counter(
            STORE,
            "written_bytes_total",
            MetricUnit.BYTES,
            List.of(),
            List.of(Stage.INTAKE, Stage.PRUNE, Stage.HEAD),
            "bytes that were put into the store, also where it had the same already");

    public static final JobMetric STORE_SIZE = gauge(
            STORE,
            "size_bytes",
            MetricUnit.BYTES,
            List.of(KIND),
            HEAD,
            "what the store held when it was looked through last: a minute after the start at the latest, then each `gc.interval`");

    public static final JobMetric STORE_ARTIFACTS =
            gauge(STORE, "artifacts", MetricUnit.NUMBER, List.of(KIND), HEAD, "files and bundles that it held then");

    public static final JobMetric STORE_REMOVED =
            counter(STORE, "removed_bytes_total", MetricUnit.BYTES, List.of(), HEAD, "bytes that retention took away");

    public static final JobMetric STORE_FAILURES = counter(
            STORE,
            "housekeeping_failures_total",
            MetricUnit.NUMBER,
            List.of(),
            HEAD,
            "times that the store could not be looked through");

    private static final List<JobMetric> ALL = List.of(
            EVENTS_TAKEN,
            EVENTS_REJECTED,
            EVENT_ANNOUNCED,
            QUEUE_EVENTS,
            QUEUE_OLDEST,
            VERSIONS_MADE,
            VERSION_NEWEST,
            VERSION_AGE,
            VERSION_EXPERTS,
            VERSION_LANGUAGES,
            VERSION_MAKING,
            PRUNE_TENSOR,
            PRUNE_ELEMENTS,
            GATE_EVALUATION,
            GATE_VERDICTS,
            STORE_WRITTEN,
            STORE_SIZE,
            STORE_ARTIFACTS,
            STORE_REMOVED,
            STORE_FAILURES);

    private JobMetrics() {}

    /** Every metric, by area. */
    public static List<JobMetric> all() {
        return ALL;
    }

    private static JobMetric counter(
            MetricArea area,
            String name,
            MetricUnit unit,
            List<MetricLabel> labels,
            List<Stage> stages,
            String description) {
        return new JobMetric(area, name, MetricKind.COUNTER, unit, labels, stages, description);
    }

    private static JobMetric gauge(
            MetricArea area,
            String name,
            MetricUnit unit,
            List<MetricLabel> labels,
            List<Stage> stages,
            String description) {
        return new JobMetric(area, name, MetricKind.GAUGE, unit, labels, stages, description);
    }

    private static JobMetric histogram(
            MetricArea area, String name, List<MetricLabel> labels, List<Stage> stages, String description) {
        return new JobMetric(area, name, MetricKind.HISTOGRAM, MetricUnit.SECONDS, labels, stages, description);
    }
}
