package dev.koine.cli.console;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Ctrl-C, or another signal to end. A {@link LongRunning} command is told to stop, any other is interrupted; the JVM, which ends with
 * 128 and the number of the signal, waits until the command has ended and taken its temporary files with it.
 */
public final class Interruption implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final CountDownLatch ended = new CountDownLatch(1);
    private final Thread worker;
    private final Thread hook = new Thread(this::hold, "koine-interruption");
    private volatile @Nullable Object command;
    private volatile boolean there;

    private Interruption(Thread worker) {
        this.worker = worker;
    }

    /** Begins to listen; without it a signal ends the JVM in the middle of the work of this thread. */
    public static Interruption listen() {
        Interruption interruption = new Interruption(Thread.currentThread());
        Runtime.getRuntime().addShutdownHook(interruption.hook);
        return interruption;
    }

    /** What this thread works at from now on. */
    public void at(Object work) {
        command = work;
        if (there && work instanceof LongRunning running) {
            running.stop();
        }
    }

    private void hold() {
        there = true;
        Duration patience = PATIENCE;
        if (command instanceof LongRunning running) {
            patience = running.patience();
            running.stop();
        } else {
            worker.interrupt();
        }
        try {
            if (!ended.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                System.err.println("koine: Has not ended within " + patience.toSeconds()
                        + " s; ends now. What it had begun may stay.");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether there was a signal. */
    public boolean isThere() {
        return there;
    }

    /** The command has ended. */
    @Override
    public void close() {
        ended.countDown();
        if (!there) {
            removeHook();
        }
    }

    private void removeHook() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException signalled) {
            there = true;
        }
    }
}
