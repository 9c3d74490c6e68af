package dev.koine.lifecycle.version;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.merge.RunningModel;
import dev.koine.engine.merge.Scales;
import dev.koine.engine.merge.total.Written;
import dev.koine.lifecycle.gate.Standings;
import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.ModelUpdate;
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
 * @param again the version that it is to be again; null for a new one
 */
record Transition(
        Contents inside,
        TotalsChange change,
        TotalsChange undo,
        @Nullable Scales recorded,
        Function<GatePolicy, Standings> standings,
        boolean mayBeRefused,
        @Nullable ModelUpdate again) {

    /**
     * Holds a version that is made again against the one before.
     *
     * @throws RejectedException {@link RejectionCode#UNKNOWN_VERSION} if it differs since releases before let variances fall below
     *     their bound
     * @throws IOException if it differs otherwise
     */
    void requireMadeAgain(String digest, Written written) throws RejectedException, IOException {
        if (again == null || again.getDigest().equals(digest)) {
            return;
        }
        if (written.raised() > 0) {
            throw new RejectedException(
                    RejectionCode.UNKNOWN_VERSION,
                    "In the version to go back to, " + written.raised()
                            + " variances are below a sixteenth of the base's, some perhaps below zero, where outputs are NaN. An older"
                            + " release made it; this one makes none like it. Go back to another version, or retract experts.");
        }
        throw new IOException("A version had the digest " + again.getDigest() + " and has " + digest
                + " made again: the store is damaged; koine verify --store says where.");
    }

    /** A change of the totals. */
    @FunctionalInterface
    interface TotalsChange {
        void apply(RunningModel model) throws RejectedException, IOException;
    }
}
