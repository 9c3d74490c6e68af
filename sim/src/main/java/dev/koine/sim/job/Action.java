package dev.koine.sim.job;

import java.io.IOException;

/**
 * Something that may happen next in a world.
 *
 * @param actor who does it: one does one thing at a time
 * @param what for the trace
 * @param kind how often it is chosen depends on it
 */
public record Action(String actor, String what, Kind kind, Step step) {

    /** Kinds of actions. */
    public enum Kind {
        PRODUCE,
        READ,
        INTAKE,
        PRUNE,
        HEAD,
        WORK,
        FETCH,
        CHECKPOINT,
        COMPLETE,
        ABORT,
        NOTIFY,
        COMMIT,
        COLLECT,
        TIME,
        VANISH,
        LATE
    }

    /** Does it. */
    @FunctionalInterface
    public interface Step {
        /**
         * Does it.
         *
         * @throws IOException trouble, for which Flink starts the job again
         */
        void run() throws IOException;
    }
}
