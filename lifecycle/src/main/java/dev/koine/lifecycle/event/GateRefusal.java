package dev.koine.lifecycle.event;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.schemas.GateReport;
import java.io.Serial;

/** The gate has refused a candidate: with what the evaluation found. */
public final class GateRefusal extends RejectedException {
    @Serial
    private static final long serialVersionUID = 1L;

    private final transient GateReport report;

    public GateRefusal(GateReport report) {
        super(
                RejectionCode.GATE_REFUSED,
                "The gate refuses the expert; the model is as it was. " + String.join(" ", report.getReasons())
                        + " Train the expert further, with some speech of the languages that are inside, or"
                        + " submit it with a lower weight.");
        this.report = report;
    }

    /** What the evaluation found. */
    public GateReport report() {
        return report;
    }
}
