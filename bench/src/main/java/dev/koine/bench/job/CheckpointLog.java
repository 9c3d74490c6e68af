package dev.koine.bench.job;

import dev.koine.flink.embedded.Checkpoint;
import dev.koine.flink.embedded.EmbeddedJob;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** The checkpoints that a job completes while this is open, as seen by asking every few milliseconds. */
public final class CheckpointLog implements AutoCloseable {
    private static final Duration PERIOD = Duration.ofMillis(20);

    private final EmbeddedJob job;
    private final List<Checkpoint> seen = new ArrayList<>();
    private final Thread thread;

    public CheckpointLog(EmbeddedJob job) {
        this.job = job;
        this.thread = new Thread(this::watch, "checkpoint-log");
        thread.setDaemon(true);
        thread.start();
    }

    private void watch() {
        try {
            while (true) {
                job.lastCheckpoint().ifPresent(this::add);
                Thread.sleep(PERIOD.toMillis());
            }
        } catch (IOException | InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void add(Checkpoint checkpoint) {
        if (seen.isEmpty() || seen.get(seen.size() - 1).number() != checkpoint.number()) {
            seen.add(checkpoint);
        }
    }

    /** Those completed between two instants. */
    public synchronized List<Checkpoint> between(Instant from, Instant to) {
        return seen.stream()
                .filter(checkpoint -> !checkpoint.completed().isBefore(from)
                        && !checkpoint.completed().isAfter(to))
                .toList();
    }

    @Override
    public void close() throws InterruptedException {
        thread.interrupt();
        thread.join();
    }
}
