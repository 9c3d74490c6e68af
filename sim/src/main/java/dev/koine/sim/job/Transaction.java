package dev.koine.sim.job;

import java.util.ArrayList;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;

/** What a sink has written since the last checkpoint, as the broker keeps it: nobody sees it before it is committed. */
final class Transaction {
    private final List<SpecificRecord> records = new ArrayList<>();
    private State state = State.OPEN;

    private enum State {
        OPEN,
        COMMITTED,
        ABORTED
    }

    void write(SpecificRecord message) {
        if (state != State.OPEN) {
            throw new IllegalStateException("a record for a transaction that is " + state);
        }
        records.add(message);
    }

    boolean isOpen() {
        return state == State.OPEN;
    }

    void abort() {
        if (state == State.OPEN) {
            state = State.ABORTED;
        }
    }

    /** What becomes visible by it; nothing where it was committed already, or has been aborted. */
    List<SpecificRecord> commit() {
        if (state != State.OPEN) {
            return List.of();
        }
        state = State.COMMITTED;
        return records;
    }
}
