package dev.koine.flink.head;

import dev.koine.engine.Progress;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.lifecycle.history.Retention;
import dev.koine.lifecycle.history.RetentionPolicy;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes away, from time to time and beside the job's work, what the store need not keep. Trouble is logged and counted; the next time tries again. */
final class Housekeeping implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Housekeeping.class);

    private final Retention retention;
    private final Counter removed;
    private final Counter failures;
    private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "koine-housekeeping");
        thread.setDaemon(true);
        return thread;
    });

    Housekeeping(ArtifactStore store, RetentionPolicy policy, Duration interval, MetricGroup metrics) {
        retention = new Retention(store, policy);
        removed = metrics.counter("removedBytes");
        failures = metrics.counter("housekeepingFailures");
        executor.scheduleWithFixedDelay(this::sweep, interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void sweep() {
        try {
            Retention.Swept swept = retention.sweep(Instant.now(), false, Progress.NONE);
            removed.inc(swept.bytes());
            LOG.info(
                    "Took away {} versions, {} files and models ({} bytes); {} stay.",
                    swept.versions(),
                    swept.artifacts(),
                    swept.bytes(),
                    swept.kept());
        } catch (IOException | RuntimeException e) {
            failures.inc();
            LOG.warn("The store could not be looked through", e);
        }
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
