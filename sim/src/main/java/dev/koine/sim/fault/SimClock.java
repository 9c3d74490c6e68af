package dev.koine.sim.fault;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** The time of a simulated world, which passes only when somebody lets it. It begins in 2100, so that no time of the real clock is taken for one of its own. */
public final class SimClock implements InstantSource {
    /** When every world begins. */
    public static final Instant BEGINNING = Instant.parse("2100-01-01T00:00:00Z");

    private long millis = BEGINNING.toEpochMilli();

    @Override
    public Instant instant() {
        return Instant.ofEpochMilli(millis);
    }

    @Override
    public long millis() {
        return millis;
    }

    public void pass(Duration time) {
        millis += time.toMillis();
    }

    /** Lets time pass until then; earlier times pass nothing. */
    public void passUntil(long time) {
        millis = Math.max(millis, time);
    }
}
