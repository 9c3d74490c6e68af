package dev.koine.flink.head;

import dev.koine.engine.RejectedException;
import dev.koine.schemas.GateReport;
import java.io.Serial;

/** The gate has refused a candidate, and why. */
final class GateRefusal extends Exception {
    @Serial
    private static final long serialVersionUID = 1L;

    private final RejectedException reason;
    private final transient GateReport report;

    GateRefusal(RejectedException reason, GateReport report) {
        super(reason);
        this.reason = reason;
        this.report = report;
    }

    /** The reason, as an event carries it. */
    RejectedException reason() {
        return reason;
    }

    /** What the evaluation found. */
    GateReport report() {
        return report;
    }
}
