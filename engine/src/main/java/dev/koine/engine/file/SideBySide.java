package dev.koine.engine.file;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;

/**
 * Work that an executor does at the same time where it can.
 *
 * @param <T> the result of a piece
 */
public final class SideBySide<T> {
    private final Executor executor;
    private final List<FutureTask<T>> begun = new ArrayList<>();

    public SideBySide(Executor executor) {
        this.executor = executor;
    }

    /** Gives the executor a piece of work. */
    public void begin(Callable<T> work) {
        FutureTask<T> task = new FutureTask<>(work);
        begun.add(task);
        executor.execute(task);
    }

    /**
     * The results in the order of beginning.
     *
     * @throws IOException the first that was thrown, in that order; or if this thread is interrupted. Runtime exceptions and errors
     *     come as they are
     */
    public List<T> await() throws IOException {
        List<T> results = new ArrayList<>();
        for (FutureTask<T> task : begun) {
            try {
                results.add(task.get());
            } catch (ExecutionException e) {
                if (e.getCause() instanceof IOException trouble) {
                    throw trouble;
                }
                if (e.getCause() instanceof RuntimeException defect) {
                    throw defect;
                }
                if (e.getCause() instanceof Error error) {
                    throw error;
                }
                throw new IllegalStateException("Work on the store failed.", e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("Interrupted while waiting for the store", e);
            }
        }
        return results;
    }
}
