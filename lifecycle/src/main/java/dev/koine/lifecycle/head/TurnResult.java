package dev.koine.lifecycle.head;

import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Rejection;

/** What became of an event at its turn. */
public sealed interface TurnResult {

    /**
     * A version, to be announced.
     *
     * @param record id of its record in the store
     */
    record Version(ModelUpdate update, String record) implements TurnResult {}

    /** A refusal; the model is as it was. */
    record Refusal(Rejection rejection) implements TurnResult {}
}
