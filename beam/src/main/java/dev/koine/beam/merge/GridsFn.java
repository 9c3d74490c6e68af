package dev.koine.beam.merge;

import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.linalg.Grid;
import dev.koine.engine.merge.total.Grids;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.util.List;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;

/** Reads the base once and gives the grid of each of its weights, by key. */
final class GridsFn extends DoFn<byte[], KV<String, Grid>> {
    private static final long serialVersionUID = 1L;
    private final MergeSettings settings;

    GridsFn(MergeSettings settings) {
        this.settings = settings;
    }

    @ProcessElement
    public void grids(OutputReceiver<KV<String, Grid>> out) throws RejectedException, IOException {
        ModelBundle base = settings.openBase();
        List<Weight> weights = base.weights();
        List<Grid> grids = Grids.of(weights, WorkPool.inCaller());
        for (int i = 0; i < grids.size(); i++) {
            out.output(KV.of(weights.get(i).key(), grids.get(i)));
        }
    }
}
