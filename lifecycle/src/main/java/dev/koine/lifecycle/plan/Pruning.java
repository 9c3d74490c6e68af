package dev.koine.lifecycle.plan;

import dev.koine.engine.RejectedException;
import dev.koine.engine.linalg.Decomposition;
import dev.koine.engine.merge.prune.PruneTask;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.flink.state.PruneTaskMessage;
import dev.koine.flink.state.PrunedPiece;
import dev.koine.lifecycle.input.Faults;
import dev.koine.lifecycle.input.InputFiles;
import dev.koine.lifecycle.metric.Instruments;
import dev.koine.lifecycle.metric.TensorMetrics;
import java.io.IOException;

/**
 * Prunes the tensors of one task and keeps the result in the store. Has no state: a task that is done again on the same kind of
 * device gives the same bytes at the same address. For use by one thread.
 */
public final class Pruning {
    private final ArtifactStore store;
    private final PlanStore plans;

    /** Measures nothing. */
    public Pruning(ArtifactStore store, Decomposition decomposition) {
        this(store, decomposition, Instruments.NONE);
    }

    /**
     * @param decomposition finds the low-rank parts of what is pruned
     * @param instruments are told what it takes
     */
    public Pruning(ArtifactStore store, Decomposition decomposition, Instruments instruments) {
        this.store = store;
        this.plans = new PlanStore(store, decomposition, new TensorMetrics(instruments));
    }

    /**
     * What a task came to.
     *
     * @param piece its digest in the store, or why the expert is refused
     */
    public record Result(PrunedPiece piece) {}

    /** Does a task. */
    public Result run(PruneTaskMessage message) throws IOException {
        PrunedPiece.Builder piece = PrunedPiece.newBuilder()
                .setModelId(message.getModelId())
                .setSequence(message.getSequence())
                .setIndex(message.getIndex());
        PlanStore.Plan plan = plans.get(message.getPlan());
        PruneTask task = plan.tasks().get(message.getIndex());
        try {
            return new Result(piece.setDigest(prune(task, plan)).build());
        } catch (RejectedException e) {
            return new Result(piece.setRejectionCode(e.code().name())
                    .setRejectionMessage(e.getMessage())
                    .build());
        }
    }

    private String prune(PruneTask task, PlanStore.Plan plan) throws RejectedException, IOException {
        return Faults.contain(
                "tensor " + task.items().get(0).expert().name(),
                () -> InputFiles.whileReading(
                        plan.outside(), () -> plan.pruner().prune(task, store)));
    }
}
