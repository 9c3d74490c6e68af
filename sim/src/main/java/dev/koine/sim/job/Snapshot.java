package dev.koine.sim.job;

import dev.koine.flink.state.InboundEvent;
import dev.koine.flink.state.PruneTaskMessage;
import dev.koine.flink.state.PrunedPiece;
import dev.koine.flink.state.Turn;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * A checkpoint: a consistent cut through the job, what is on its way between operators included.
 *
 * @param offsets of the next record, by topic and partition
 * @param intake state of Intake, by model
 * @param timers of Intake, by model
 * @param head state of Head, by model
 * @param finished how far Head has come, by model
 * @param prepared transactions that are to be committed
 */
record Snapshot(
        long id,
        Map<String, Integer> offsets,
        Map<String, ModelState> intake,
        Map<String, Set<Long>> timers,
        Map<String, ModelState> head,
        Map<String, Long> finished,
        List<InboundEvent> events,
        List<PruneTaskMessage> tasks,
        List<Turn> turns,
        List<PrunedPiece> pieces,
        List<Sink.Prepared> prepared) {

    /** Where a job starts that has no checkpoint. */
    static final Snapshot NONE = new Snapshot(
            0, Map.of(), Map.of(), Map.of(), Map.of(), Map.of(), List.of(), List.of(), List.of(), List.of(), List.of());

    /** Copies of state, which goes on changing. */
    static Map<String, ModelState> copies(Map<String, ModelState> states) {
        Map<String, ModelState> copies = new TreeMap<>();
        states.forEach((model, state) -> copies.put(model, state.copy()));
        return copies;
    }
}
