package dev.koine.flink.prune;

import dev.koine.accelerator.DeviceDecomposition;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.flink.config.MergeJobConfig;
import dev.koine.flink.metric.FlinkInstruments;
import dev.koine.flink.state.PruneTaskMessage;
import dev.koine.flink.state.PrunedPiece;
import dev.koine.lifecycle.metric.CountedStore;
import dev.koine.lifecycle.metric.Instruments;
import dev.koine.lifecycle.plan.Pruning;
import java.io.IOException;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@link Pruning} as an operator, without state. */
public final class PruneFunction extends RichMapFunction<PruneTaskMessage, PrunedPiece> {
    private static final long serialVersionUID = 1L;
    private static final Logger LOG = LoggerFactory.getLogger(PruneFunction.class);

    private final MergeJobConfig config;
    private transient DeviceDecomposition decomposition;
    private transient Pruning pruning;

    public PruneFunction(MergeJobConfig config) {
        this.config = config;
    }

    @Override
    public void open(OpenContext context) throws IOException {
        Instruments instruments = new FlinkInstruments(getRuntimeContext().getMetricGroup());
        ArtifactStore store = new CountedStore(config.openStore(Runnable::run), instruments);
        decomposition = DeviceDecomposition.open(config.devices().decomposition());
        LOG.info("Matrices are decomposed {}.", decomposition.description());
        pruning = new Pruning(store, decomposition, instruments);
    }

    @Override
    public PrunedPiece map(PruneTaskMessage task) throws IOException {
        return pruning.run(task).piece();
    }

    @Override
    public void close() {
        if (decomposition != null) {
            decomposition.close();
        }
    }
}
