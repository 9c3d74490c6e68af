package dev.koine.flink.prune;

import dev.koine.accelerator.DeviceDecomposition;
import dev.koine.engine.RejectedException;
import dev.koine.engine.merge.prune.PruneTask;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.flink.config.MergeJobConfig;
import dev.koine.flink.input.Faults;
import dev.koine.flink.input.InputFiles;
import dev.koine.flink.state.PruneTaskMessage;
import dev.koine.flink.state.PrunedPiece;
import java.io.IOException;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.metrics.Counter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Prunes the tensors of one task and keeps the result in the store. Has no state: a task that is done again on the same kind of
 * device gives the same bytes at the same address.
 */
public final class PruneFunction extends RichMapFunction<PruneTaskMessage, PrunedPiece> {
    private static final long serialVersionUID = 1L;
    private static final Logger LOG = LoggerFactory.getLogger(PruneFunction.class);

    private final MergeJobConfig config;
    private transient ArtifactStore store;
    private transient DeviceDecomposition decomposition;
    private transient PlanStore plans;
    private transient Counter elements;

    public PruneFunction(MergeJobConfig config) {
        this.config = config;
    }

    @Override
    public void open(OpenContext context) throws IOException {
        store = config.openStore(Runnable::run);
        decomposition = DeviceDecomposition.open(config.devices().decomposition());
        LOG.info("Matrices are decomposed {}.", decomposition.description());
        plans = new PlanStore(store, decomposition);
        elements = getRuntimeContext().getMetricGroup().addGroup("koine").counter("prunedElements");
    }

    @Override
    public PrunedPiece map(PruneTaskMessage message) throws IOException {
        PrunedPiece.Builder piece = PrunedPiece.newBuilder()
                .setModelId(message.getModelId())
                .setSequence(message.getSequence())
                .setIndex(message.getIndex());
        PlanStore.Plan plan = plans.get(message.getPlan());
        PruneTask task = plan.tasks().get(message.getIndex());
        try {
            piece.setDigest(prune(task, plan));
            task.items().forEach(item -> elements.inc(item.count()));
        } catch (RejectedException e) {
            piece.setRejectionCode(e.code().name()).setRejectionMessage(e.getMessage());
        }
        return piece.build();
    }

    @Override
    public void close() {
        if (decomposition != null) {
            decomposition.close();
        }
    }

    private String prune(PruneTask task, PlanStore.Plan plan) throws RejectedException, IOException {
        return Faults.contain(
                "tensor " + task.items().get(0).expert().name(),
                () -> InputFiles.read(plan.outside(), () -> plan.pruner().prune(task, store)));
    }
}
