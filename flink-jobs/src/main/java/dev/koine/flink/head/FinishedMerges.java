package dev.koine.flink.head;

import dev.koine.flink.store.RunningMerges;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.OperatorStateStore;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How far each model has come, to tell the store which merges are over once a checkpoint says so, too. State of the task and not of a
 * model, so that it is known again after a crash without an event of that model.
 */
final class FinishedMerges {
    private static final Logger LOG = LoggerFactory.getLogger(FinishedMerges.class);

    private final RunningMerges running;
    private final ListState<Tuple2<String, Long>> state;
    private final Map<String, Long> next = new TreeMap<>();
    private final Map<Long, Map<String, Long>> snapshots = new TreeMap<>();
    private final Map<String, Long> ended = new HashMap<>();

    FinishedMerges(RunningMerges running, OperatorStateStore states) throws Exception {
        this.running = running;
        state = states.getListState(
                new ListStateDescriptor<>("finished-merges", Types.TUPLE(Types.STRING, Types.LONG)));
        for (Tuple2<String, Long> model : state.get()) {
            next.merge(model.f0, model.f1, Math::max);
        }
    }

    /** Notes that Head has come to this sequence number of a model. */
    void reached(String modelId, long sequence) {
        next.put(modelId, sequence);
    }

    void snapshot(long checkpoint) throws Exception {
        state.update(next.entrySet().stream()
                .map(model -> Tuple2.of(model.getKey(), model.getValue()))
                .toList());
        snapshots.put(checkpoint, new TreeMap<>(next));
    }

    /** A checkpoint is complete: what it holds will not be done again. Trouble with the store is logged; the next one tries again. */
    void completed(long checkpoint) {
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
