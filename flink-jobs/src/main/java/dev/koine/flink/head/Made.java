package dev.koine.flink.head;

import dev.koine.engine.RejectedException;
import dev.koine.schemas.GateReport;
import dev.koine.schemas.ModelUpdate;
import org.jspecify.annotations.Nullable;

/** What became of an event at its turn. */
sealed interface Made {

    /**
     * A version, to be announced.
     *
     * @param record id of its record in the store
     */
    record Version(ModelUpdate update, String record) implements Made {}

    /**
     * A refusal; the model is as it was.
     *
     * @param report what the evaluation found, where the gate refused
     */
    record Refusal(RejectedException reason, @Nullable GateReport report) implements Made {}
}
