package dev.koine.engine;

import java.time.Duration;

/** Pauses between tries: each twice as long as the one before, from the first to the longest. For one thread. */
public final class Backoff {
    private final Duration first;
    private final Duration longest;
    private Duration next;

    public Backoff(Duration first, Duration longest) {
        this.first = first;
        this.longest = longest;
        next = first;
    }

    /** How long to wait now. */
    public Duration next() {
        Duration pause = next;
        Duration doubled = pause.multipliedBy(2);
        next = doubled.compareTo(longest) > 0 ? longest : doubled;
        return pause;
    }

    /** After a try that worked. */
    public void reset() {
        next = first;
    }
}
