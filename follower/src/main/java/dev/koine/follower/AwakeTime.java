package dev.koine.follower;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Time that passes for this process: not while it is stopped, its container frozen or its machine asleep. A thread looks at the clock often, and what
 * passes between two looks counts for a moment alone.
 */
final class AwakeTime implements AutoCloseable {
    private static final Duration LOOK_EVERY = Duration.ofMillis(100);
    private static final Duration MOST_BETWEEN = Duration.ofMillis(300);

    private final LongSupplier clock;
    private final Thread thread = new Thread(this::look, "koine-awake");
    private long lastNanos;
    private long awakeNanos;

    private AwakeTime(LongSupplier clock) {
        this.clock = clock;
        lastNanos = clock.getAsLong();
    }

    /**
     * Begins to count.
     *
     * @param clock nanoseconds from some moment on, as {@link System#nanoTime}
     */
    static AwakeTime start(LongSupplier clock) {
        AwakeTime time = new AwakeTime(clock);
        time.thread.setDaemon(true);
        time.thread.start();
        return time;
    }

    /** How long it has been awake since the start. */
    synchronized Duration passed() {
        long now = clock.getAsLong();
        awakeNanos += Math.min(now - lastNanos, MOST_BETWEEN.toNanos());
        lastNanos = now;
        return Duration.ofNanos(awakeNanos);
    }

    private void look() {
        try {
            while (true) {
                TimeUnit.NANOSECONDS.sleep(LOOK_EVERY.toNanos());
                passed();
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
