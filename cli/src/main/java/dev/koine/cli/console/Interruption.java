package dev.koine.cli.console;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Ctrl-C, or another signal to end. A {@link LongRunning} command is told to stop, any other is interrupted. The JVM begins to shut down
 * only after the command has ended: hooks of libraries that close what the command still uses come later. One who sends a second signal
 * does not wait any longer. Where the JVM leaves signals alone, a shutdown hook does the same as well as it can.
 */
public final class Interruption implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    /** Some senders, such as {@code timeout}, signal a process and then its group: that is one signal. */
    private static final Duration ECHO = Duration.ofMillis(500);
    /** What is added to a signal's number in the exit code of a process that ended by it. */
    private static final int SIGNALLED = 128;

    private final CountDownLatch ended = new CountDownLatch(1);
    private final Thread worker;
    private final Thread hook = new Thread(this::end, "koine-interruption");
    private volatile @Nullable Object command;
    private volatile boolean there;
    private volatile int number;
    private boolean isTold;
    private long heardNanos;
    private @Nullable Signals signals;

    private Interruption(Thread worker) {
        this.worker = worker;
    }

    /** Begins to listen; without it a signal ends the JVM in the middle of the work of this thread. */
    public static Interruption listen() {
        Interruption interruption = new Interruption(Thread.currentThread());
        Signals signals = Signals.heardBy(interruption::hear);
        interruption.signals = signals;
        if (!signals.areHeard()) {
            Runtime.getRuntime().addShutdownHook(interruption.hook);
        }
        return interruption;
    }

    /** What this thread works at from now on. It is told now of a signal that came before: what prepares a command is not interrupted. */
    public void at(Object work) {
        command = work;
        if (there) {
            tell(work);
        }
    }

    private synchronized void tell(Object work) {
        if (isTold) {
            return;
        }
        isTold = true;
        if (work instanceof LongRunning running) {
            running.stop();
        } else {
            worker.interrupt();
        }
    }

    private void hear(int signal) {
        if (isFirst(signal) && !end()) {
            Runtime.getRuntime().halt(SIGNALLED + signal);
        }
    }

    private synchronized boolean isFirst(int signal) {
        long now = System.nanoTime();
        if (number == 0) {
            number = signal;
            heardNanos = now;
            return true;
        }
        if (now - heardNanos > ECHO.toNanos()) {
            Runtime.getRuntime().halt(SIGNALLED + signal);
        }
        return false;
    }

    /** Returns whether the command has ended in time. */
    private boolean end() {
        there = true;
        @Nullable Object begun = command;
        Duration patience = begun instanceof LongRunning running ? running.patience() : PATIENCE;
        if (begun != null) {
            tell(begun);
        }
        try {
            if (ended.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                return true;
            }
            System.err.println("koine: Has not ended within " + patience.toSeconds()
                    + " s; ends now. What it had begun may stay.");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return false;
    }

    /** Whether there was a signal. */
    public boolean isThere() {
        return there;
    }

    /** The exit code of this process: 128 and the number of the signal if there was one. */
    public int exitCode(int ofCommand) {
        return number == 0 ? ofCommand : SIGNALLED + number;
    }

    /** The command has ended. */
    @Override
    public void close() {
        ended.countDown();
        if (signals != null && signals.areHeard()) {
            signals.close();
        } else if (!there) {
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
