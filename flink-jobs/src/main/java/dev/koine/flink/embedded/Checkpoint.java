package dev.koine.flink.embedded;

import java.time.Duration;
import java.time.Instant;
import org.apache.flink.runtime.checkpoint.CompletedCheckpointStats;

/**
 * A completed checkpoint of an embedded job.
 *
 * @param number counts up from the job's very first, over all its starts
 * @param triggered when it began
 * @param took from there until its last task had acknowledged it
 * @param bytes what it holds, records in flight among it, without Flink's own description of it
 * @param bytesInFlight of these, records on their way between tasks
 * @param metadataBytes Flink's description of it, with copies of its smaller parts
 */
public record Checkpoint(
        long number, Instant triggered, Duration took, long bytes, long bytesInFlight, long metadataBytes) {

    static Checkpoint of(CompletedCheckpointStats stats) {
        return new Checkpoint(
                stats.getCheckpointId(),
                Instant.ofEpochMilli(stats.getTriggerTimestamp()),
                Duration.ofMillis(stats.getEndToEndDuration()),
                stats.getStateSize(),
                stats.getPersistedData(),
                stats.getMetadataSize());
    }

    /** When its last task had acknowledged it; what was written exactly once until it began is committed from then on. */
    public Instant completed() {
        return triggered.plus(took);
    }
}
