package dev.koine.flink.head;

import dev.koine.engine.RejectedException;
import dev.koine.engine.merge.RunningModel;
import dev.koine.engine.merge.Scales;
import dev.koine.flink.gate.Standings;
import dev.koine.schemas.GatePolicy;
import java.io.IOException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How a version comes from what is there.
 *
 * @param inside the experts inside before
 * @param change of the totals; one that overflows undoes itself
 * @param undo takes the change back
 * @param recorded scales to use again; null to follow the recipe
 * @param standings of languages, under a policy
 * @param mayBeRefused whether the gate may refuse it
 */
record Transition(
        Contents inside,
        TotalsChange change,
        TotalsChange undo,
        @Nullable Scales recorded,
        Function<GatePolicy, Standings> standings,
        boolean mayBeRefused) {

    /** A change of the totals. */
    @FunctionalInterface
    interface TotalsChange {
        void apply(RunningModel model) throws RejectedException, IOException;
    }
}
