package dev.koine.engine.export;

import dev.koine.engine.RejectedException;
import dev.koine.engine.linalg.LowRank;
import dev.koine.engine.tensor.Run;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;

/** What experts add to the weights of a base, and what of it is of low rank. */
interface DeltaSource {
    /** Whether anything is added to a weight. */
    boolean has(Weight weight) throws IOException;

    /**
     * What of a matrix's delta is of low rank; of rank 0 if nothing is.
     *
     * @param weight a matrix of the base
     */
    LowRank lowRank(Weight weight) throws IOException, RejectedException;

    /**
     * Hears the whole delta of a weight, run after run.
     *
     * @param longest elements of a run, but for the last
     */
    void forEachRun(Weight weight, int longest, Sink sink) throws IOException, RejectedException;

    /** Takes a run of a delta. */
    @FunctionalInterface
    interface Sink {
        /** @param values the first {@code run.count()} of them */
        void take(Run run, float[] values) throws IOException;
    }
}
