package dev.koine.bench.machine;

/** Something that a machine can do at a rate: a piece of it, to be done over and over by one thread. */
public interface Probe extends AutoCloseable {

    /** Does the piece and returns how much it was, in bytes or operations. */
    double run() throws Exception;

    /** Undoes what a round of pieces left behind; not timed. */
    default void reset() throws Exception {}

    @Override
    default void close() throws Exception {}
}
