package dev.koine.subscriber;

import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices that the wall clock is set back. Kafka's clients measure by it: what they were waiting for, or were to try again, they would wait for until it has
 * caught up, which may be hours.
 */
final class ClockWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ClockWatch.class);
    private static final Duration EVERY = Duration.ofSeconds(1);
    private static final Duration LEAST = Duration.ofSeconds(1);

    private final InstantSource wall;
    private final LongSupplier nanos;
    private final Runnable onSetBack;
    private final Thread thread = new Thread(this::run, "koine-clock-watch");
    private long lastWallMillis;
    private long lastNanos;

    /**
     * @param nanos of a clock that is never set, as {@link System#nanoTime}
     * @param onSetBack called on a thread of this watch's
     */
    ClockWatch(InstantSource wall, LongSupplier nanos, Runnable onSetBack) {
        this.wall = wall;
        this.nanos = nanos;
        this.onSetBack = onSetBack;
        lastWallMillis = wall.millis();
        lastNanos = nanos.getAsLong();
        thread.setDaemon(true);
    }

    /** Begins to look, each second. */
    ClockWatch start() {
        thread.start();
        return this;
    }

    void look() {
        long nowWall = wall.millis();
        long nowNanos = nanos.getAsLong();
        long backMillis = TimeUnit.NANOSECONDS.toMillis(nowNanos - lastNanos) - (nowWall - lastWallMillis);
        lastWallMillis = nowWall;
        lastNanos = nowNanos;
        if (backMillis > LEAST.toMillis()) {
            LOG.warn(
                    "The clock was set back by {} s: the topic is opened anew, since Kafka's client would wait for the clock to catch up.",
                    TimeUnit.MILLISECONDS.toSeconds(backMillis));
            onSetBack.run();
        }
    }

    private void run() {
        try {
            while (true) {
                TimeUnit.NANOSECONDS.sleep(EVERY.toNanos());
                look();
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
