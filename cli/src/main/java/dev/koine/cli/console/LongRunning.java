package dev.koine.cli.console;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A command that goes on until it is told to stop, and ends in order then; others are interrupted. */
public abstract class LongRunning implements Callable<Integer> {
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Duration patience;

    /** A command that may take so long to end. */
    protected LongRunning(Duration patience) {
        this.patience = patience;
    }

    /** Tells the command to stop; called by another thread. */
    public final void stop() {
        stopped.countDown();
    }

    /** How long it may take to end. */
    public final Duration patience() {
        return patience;
    }

    /** Returns when the command is to stop. */
    protected final void awaitStop() throws InterruptedException {
        stopped.await();
    }

    /** Waits for a second, or less if the command is to stop; returns whether it is. */
    protected final boolean stopsWithinASecond() throws InterruptedException {
        return stopped.await(1, TimeUnit.SECONDS);
    }

    /** Whether the command is to stop. */
    protected final boolean isToStop() {
        return stopped.getCount() == 0;
    }
}
