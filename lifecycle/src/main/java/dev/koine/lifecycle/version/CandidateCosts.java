package dev.koine.lifecycle.version;

import dev.koine.lifecycle.metric.GateVerdict;
import dev.koine.lifecycle.metric.Instruments;
import dev.koine.lifecycle.metric.JobMetrics;
import dev.koine.schemas.GateReport;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What candidates cost: a line in the log and metrics for each, what making it took beside what the gate did. */
public final class CandidateCosts {
    private static final Logger LOG = LoggerFactory.getLogger(CandidateCosts.class);

    private final Instruments instruments;

    /** Measures nothing. */
    public CandidateCosts() {
        this(Instruments.NONE);
    }

    public CandidateCosts(Instruments instruments) {
        this.instruments = instruments;
    }

    /** Notes that a base was evaluated. */
    void noteBase(String modelId, GateReport report) {
        noteEvaluation(modelId, report, report.getPassed() ? GateVerdict.PASSED : GateVerdict.OBSERVED);
        tell(modelId, 0, 0, report);
    }

    /**
     * Notes a candidate that becomes a version.
     *
     * @param merging what making it took, in milliseconds
     */
    void noteMade(String modelId, long version, long merging, @Nullable GateReport report) {
        noteMaking(modelId, merging);
        if (report != null) {
            noteEvaluation(modelId, report, report.getPassed() ? GateVerdict.PASSED : GateVerdict.OBSERVED);
        }
        tell(modelId, version, merging, report);
    }

    /** Notes a candidate that the gate refuses. */
    void noteRefused(String modelId, long version, long merging, GateReport report) {
        noteMaking(modelId, merging);
        noteEvaluation(modelId, report, GateVerdict.REFUSED);
        tell(modelId, version, merging, report);
    }

    private void noteMaking(String modelId, long merging) {
        instruments.histogram(JobMetrics.VERSION_MAKING, modelId).accept(TimeUnit.MILLISECONDS.toNanos(merging));
    }

    private void noteEvaluation(String modelId, GateReport report, GateVerdict verdict) {
        instruments
                .histogram(JobMetrics.GATE_EVALUATION, modelId)
                .accept(TimeUnit.MILLISECONDS.toNanos(report.getEvaluationMillis()));
        instruments.counter(JobMetrics.GATE_VERDICTS, modelId, verdict.label()).accept(1);
    }

    private static void tell(String modelId, long version, long merging, @Nullable GateReport report) {
        LOG.info(
                "Version {} of {}: made in {} ms, evaluated in {} ms{}.",
                version,
                modelId,
                merging,
                report == null ? 0 : report.getEvaluationMillis(),
                report == null ? " (no gate)" : report.getPassed() ? ", gate passed" : ", gate not passed");
    }
}
