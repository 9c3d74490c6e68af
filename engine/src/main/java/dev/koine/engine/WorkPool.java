package dev.koine.engine;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Runs independent parts of one piece of work on a fixed number of threads and waits for all of them.
 *
 * <p>Results never depend on the number of threads: parts write to ranges of their own.
 */
public final class WorkPool implements AutoCloseable {
    private final Executor executor;
    private final Runnable end;

    public WorkPool(int threads) {
        ExecutorService service = Executors.newFixedThreadPool(threads, task -> {
            Thread thread = new Thread(task, "koine-merge");
            thread.setDaemon(true);
            return thread;
        });
        this.executor = service;
        this.end = service::shutdownNow;
    }

    private WorkPool(Executor executor, Runnable end) {
        this.executor = executor;
        this.end = end;
    }

    /** One without threads: parts run one after the other in the thread that calls {@link #runAll}. */
    public static WorkPool inCaller() {
        return new WorkPool(Runnable::run, () -> {});
    }

    /** The threads, for work that waits for itself. Not to be waited for by a part. */
    public Executor executor() {
        return executor;
    }

    /** One part of the work. */
    @FunctionalInterface
    public interface Part<T> {
        T run() throws RejectedException, IOException;
    }

    /**
     * Runs every part, to the end even where one of them fails. When this returns or throws, none is running any more, also when this
     * thread was interrupted.
     *
     * @return the results in the order of the parts
     * @throws RejectedException the first part's that was refused, in the order of the parts
     * @throws IOException the first part's that had trouble; takes precedence over a refusal, as a runtime exception does
     */
    public <T> List<T> runAll(List<? extends Part<T>> parts) throws RejectedException, IOException {
        List<FutureTask<T>> futures = new ArrayList<>();
        Phaser running = new Phaser(1);
        AtomicBoolean stopped = new AtomicBoolean();
        for (Part<T> part : parts) {
            FutureTask<T> future = new FutureTask<>(() -> run(part, running, stopped));
            futures.add(future);
            executor.execute(future);
        }
        List<T> results = new ArrayList<>();
        List<Throwable> failures = new ArrayList<>();
        for (FutureTask<T> future : futures) {
            try {
                results.add(future.get());
            } catch (ExecutionException e) {
                failures.add(e.getCause());
            } catch (InterruptedException e) {
                stopped.set(true);
                futures.forEach(f -> f.cancel(true));
                running.arriveAndAwaitAdvance();
                Thread.currentThread().interrupt();
                throw new IOException("The merge was interrupted.", e);
            }
        }
        rethrow(failures);
        return results;
    }

    private static <T> T run(Part<T> part, Phaser running, AtomicBoolean stopped)
            throws RejectedException, IOException {
        running.register();
        try {
            if (stopped.get()) {
                throw new CancellationException();
            }
            return part.run();
        } finally {
            running.arriveAndDeregister();
        }
    }

    private static void rethrow(List<Throwable> failures) throws RejectedException, IOException {
        for (Throwable failure : failures) {
            if (failure instanceof IOException trouble) {
                throw trouble;
            }
            if (failure instanceof RuntimeException defect) {
                throw defect;
            }
            if (failure instanceof Error error) {
                throw error;
            }
        }
        if (!failures.isEmpty()) {
            throw (RejectedException) failures.get(0);
        }
    }

    @Override
    public void close() {
        end.run();
    }
}
