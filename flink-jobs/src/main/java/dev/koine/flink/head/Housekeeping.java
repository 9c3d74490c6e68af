package dev.koine.flink.head;

import dev.koine.engine.Progress;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.lifecycle.history.Retention;
import dev.koine.lifecycle.history.RetentionPolicy;
import dev.koine.lifecycle.metric.Instruments;
import dev.koine.lifecycle.metric.JobMetrics;
import dev.koine.lifecycle.metric.StoreSize;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes away, from time to time and beside the job's work, what the store need not keep, and looks at how much it holds. Trouble is logged and counted; the
 * next time tries again.
 */
final class Housekeeping implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Housekeeping.class);

    private static final Duration FIRST_LOOK_WITHIN = Duration.ofMinutes(1);

    private final @Nullable Retention retention;
    private final StoreSize size;
    private final LongConsumer removed;
    private final LongConsumer failures;
    private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "koine-housekeeping");
        thread.setDaemon(true);
        return thread;
    });

    /** @param policy what the store keeps; where that is all, it is only looked at */
    Housekeeping(ArtifactStore store, RetentionPolicy policy, Duration interval, Instruments instruments) {
        retention = policy.versions() > 0 ? new Retention(store, policy) : null;
        size = new StoreSize(store, instruments);
        removed = instruments.counter(JobMetrics.STORE_REMOVED);
        failures = instruments.counter(JobMetrics.STORE_FAILURES);
        boolean looksBefore = interval.compareTo(FIRST_LOOK_WITHIN) > 0;
        if (looksBefore) {
            executor.schedule(() -> attempt(size::measure), FIRST_LOOK_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
        }
        executor.scheduleWithFixedDelay(
                () -> attempt(this::sweep), interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    private interface Work {
        void run() throws IOException;
    }

    private void attempt(Work work) {
        try {
            work.run();
        } catch (IOException | RuntimeException e) {
            failures.accept(1);
            LOG.warn("The store could not be looked through", e);
        }
    }

    private void sweep() throws IOException {
        if (retention != null) {
            Retention.Swept swept = retention.sweep(Instant.now(), false, Progress.NONE);
            removed.accept(swept.bytes());
            LOG.info(
                    "Took away {} versions, {} files and models ({} bytes); {} stay.",
                    swept.versions(),
                    swept.artifacts(),
                    swept.bytes(),
                    swept.kept());
        }
        size.measure();
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
