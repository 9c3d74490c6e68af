package dev.koine.events;

import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Position;
import dev.koine.schemas.Rejection;

/** What became of an event: every one ends in exactly one update or one rejection. */
public sealed interface Outcome {

    /** Where the event stands. */
    Position event();

    /** The event made a version. */
    record Updated(ModelUpdate update) implements Outcome {
        @Override
        public Position event() {
            return update.getCause().getPosition();
        }
    }

    /** The event was refused. */
    record Rejected(Rejection rejection) implements Outcome {
        @Override
        public Position event() {
            return rejection.getPosition();
        }
    }
}
