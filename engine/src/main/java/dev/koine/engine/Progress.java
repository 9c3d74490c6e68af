package dev.koine.engine;

/** Hears how far long work has come; called from several threads. */
@FunctionalInterface
public interface Progress {
    /** Says nothing to anybody. */
    Progress NONE = (stage, done, total) -> {};

    /**
     * @param stage what is being done, such as {@code pruning}
     * @param done units of work that are finished
     * @param total units of work in all
     */
    void report(String stage, long done, long total);

    /** Hears a sentence that users should read, on a line of its own; nobody does where this is not overridden. */
    default void warn(String sentence) {}
}
