package dev.koine.engine.merge.prune;

/** Hears what pruning takes. Called on the pruning thread, which waits. */
@FunctionalInterface
public interface PruneObserver {
    /** Hears nothing. */
    PruneObserver NONE = (item, nanos) -> {};

    /**
     * An item was read and pruned.
     *
     * @param nanos how long that took
     */
    void pruned(PruneItem item, long nanos);
}
