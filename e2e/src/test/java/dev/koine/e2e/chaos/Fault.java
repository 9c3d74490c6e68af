package dev.koine.e2e.chaos;

import java.time.Duration;

/**
 * Something that goes wrong for a while.
 *
 * @param what it is, for the tally
 * @param target what it happens to; not hit by two faults at a time
 * @param duration how long the target is left so before it is mended
 */
public record Fault(String what, String target, Duration duration, Blow blow, Blow mend) {

    /** Does it, or undoes it. */
    @FunctionalInterface
    public interface Blow {
        void strike() throws Exception;
    }
}
