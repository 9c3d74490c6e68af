package dev.koine.lifecycle.version;

import dev.koine.schemas.GateReport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What candidates cost: a line in the log for each, and the last one's to be read, what making it took beside what the gate did. */
public final class CandidateCosts {
    private static final Logger LOG = LoggerFactory.getLogger(CandidateCosts.class);

    private volatile long mergeMillis;
    private volatile long evaluationMillis;

    /** What making the last candidate took, but for its evaluation. */
    public long mergeMillis() {
        return mergeMillis;
    }

    /** What evaluating the last candidate took; 0 without a gate. */
    public long evaluationMillis() {
        return evaluationMillis;
    }

    /** Notes a candidate, whatever becomes of it. */
    void note(String modelId, long version, long merging, @Nullable GateReport report) {
        mergeMillis = merging;
        evaluationMillis = report == null ? 0 : report.getEvaluationMillis();
        LOG.info(
                "Version {} of {}: made in {} ms, evaluated in {} ms{}.",
                version,
                modelId,
                merging,
                evaluationMillis,
                report == null ? " (no gate)" : report.getPassed() ? ", gate passed" : ", gate not passed");
    }
}
