package dev.koine.flink.head;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Work that takes seconds, beside the thread that serves events and checkpoints: that thread begins it and fetches its result when it
 * is done. One piece of work a key at a time, in the order of beginning over all keys. For use by that thread alone.
 *
 * @param <T> the result
 */
final class SideWork<T> implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SideWork.class);
    private static final long CLOSE_SECONDS = 60;

    private final ExecutorService executor = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "koine-head");
        thread.setDaemon(true);
        return thread;
    });
    private final Map<String, Future<T>> underWay = new HashMap<>();

    void begin(String key, Callable<T> work) {
        if (underWay.containsKey(key)) {
            throw new IllegalStateException("work on " + key + " is under way");
        }
        underWay.put(key, executor.submit(work));
    }

    boolean isUnderWay(String key) {
        return underWay.containsKey(key);
    }

    /**
     * The result, once; null while the work is not done.
     *
     * @throws IOException if the work failed; runtime exceptions come as they are
     */
    @Nullable
    T fetch(String key) throws IOException, InterruptedException {
        Future<T> work = underWay.get(key);
        if (work == null || !work.isDone()) {
            return null;
        }
        underWay.remove(key);
        try {
            return work.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException defect) {
                throw defect;
            }
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw new IOException("Work on model '" + key + "' failed: " + e.getCause(), e.getCause());
        }
    }

    /** Gives up what is under way and waits a while for it to end. */
    @Override
    public void close() {
        executor.shutdownNow();
        try {
            if (!executor.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                LOG.warn(
                        "The work of a head has not ended within {} s; its files are closed nevertheless",
                        CLOSE_SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
