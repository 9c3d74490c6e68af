package dev.koine.flink.head;

import dev.koine.schemas.GateReport;
import dev.koine.schemas.ModelUpdate;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What candidates cost: a line in the log for each, and the last one's in the metrics, what making it took beside what the gate did. */
final class Costs {
    private static final Logger LOG = LoggerFactory.getLogger(Costs.class);

    private volatile long mergeMillis;
    private volatile long evaluationMillis;

    Costs(MetricGroup metrics) {
        Gauge<Long> merge = () -> mergeMillis;
        Gauge<Long> evaluation = () -> evaluationMillis;
        metrics.gauge("mergeMillis", merge);
        metrics.gauge("evaluationMillis", evaluation);
    }

    /** Notes a candidate, whatever becomes of it. */
    void note(ModelUpdate candidate, long merging, @Nullable GateReport report) {
        mergeMillis = merging;
        evaluationMillis = report == null ? 0 : report.getEvaluationMillis();
        LOG.info(
                "Version {} of {}: made in {} ms, evaluated in {} ms{}.",
                candidate.getVersion(),
                candidate.getModelId(),
                merging,
                evaluationMillis,
                report == null ? " (no gate)" : report.getPassed() ? ", gate passed" : ", gate not passed");
    }
}
