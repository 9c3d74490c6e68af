package dev.koine.sim.fault;

import java.io.IOException;

/** What happens just before somebody does something: nothing, trouble, a crash, or what somebody else does at that moment. */
@FunctionalInterface
public interface Interruptions {
    /** Nothing ever happens. */
    Interruptions NONE = operation -> {};

    /**
     * Comes before each operation of a store, a source of bundles or an examiner.
     *
     * @param operation for the trace, in words that are the same in each run of the seed
     * @throws IOException trouble; the operation is not done
     */
    void at(String operation) throws IOException;
}
