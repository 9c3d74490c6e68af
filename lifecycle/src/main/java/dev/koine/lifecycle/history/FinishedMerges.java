package dev.koine.lifecycle.history;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How far each model has come, to tell the store which merges are over once a checkpoint says so, too. State of the task and not of a
 * model, so that it is known again after a crash without an event of that model.
 */
public final class FinishedMerges {
    private static final Logger LOG = LoggerFactory.getLogger(FinishedMerges.class);

    private final RunningMerges running;
    private final Map<String, Long> next = new TreeMap<>();
    private final Map<Long, Map<String, Long>> snapshots = new TreeMap<>();
    private final Map<String, Long> ended = new HashMap<>();

    public FinishedMerges(RunningMerges running) {
        this.running = running;
    }

    /** Notes what a checkpoint had of a model. */
    public void restore(String modelId, long sequence) {
        next.merge(modelId, sequence, Math::max);
    }

    /** Notes that Head has come to this sequence number of a model. */
    public void reached(String modelId, long sequence) {
        next.put(modelId, sequence);
    }

    /** What a checkpoint is to have: the sequence number that each model has come to. */
    public Map<String, Long> snapshot(long checkpoint) {
        Map<String, Long> held = new TreeMap<>(next);
        snapshots.put(checkpoint, held);
        return held;
    }

    /** A checkpoint is complete: what it holds will not be done again. Trouble with the store is logged; the next one tries again. */
    public void completed(long checkpoint) {
        @Nullable Map<String, Long> held = snapshots.get(checkpoint);
        snapshots.keySet().removeIf(number -> number <= checkpoint);
        if (held == null) {
            return;
        }
        held.forEach((model, below) -> {
            if (!below.equals(ended.get(model))) {
                try {
                    running.end(model, below);
                    ended.put(model, below);
                } catch (IOException e) {
                    LOG.warn("The store does not hear yet which merges of {} are over: {}", model, e.toString());
                }
            }
        });
    }
}
