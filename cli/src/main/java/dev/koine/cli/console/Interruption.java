package dev.koine.cli.console;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Ctrl-C, or another signal to end: heard by a command that goes on until then, and keeps the JVM until it has ended in order. */
public final class Interruption implements AutoCloseable {
    private final CountDownLatch interrupted = new CountDownLatch(1);
    private final CountDownLatch ended = new CountDownLatch(1);

    private Interruption() {}

    /**
     * Begins to listen; without it a signal ends the JVM at once.
     *
     * @param patience how long the JVM waits for {@link #close} after a signal
     */
    public static Interruption listen(Duration patience) {
        Interruption interruption = new Interruption();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> interruption.hold(patience)));
        return interruption;
    }

    private void hold(Duration patience) {
        interrupted.countDown();
        try {
            if (!ended.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                System.err.println("koine: Has not ended within " + patience.toSeconds() + " s; ends now.");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether there was a signal. */
    public boolean isThere() {
        return interrupted.getCount() == 0;
    }

    /** Waits a second, or less if there is a signal; returns whether there is one. */
    public boolean awaitSecond() throws InterruptedException {
        return interrupted.await(1, TimeUnit.SECONDS);
    }

    /** The command has ended in order. */
    @Override
    public void close() {
        ended.countDown();
    }
}
