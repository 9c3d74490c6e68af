package dev.koine.engine.merge;

import dev.koine.engine.RejectedException;
import dev.koine.engine.onnx.TensorReader;
import dev.koine.engine.onnx.Weight;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The grids of a base's weights. */
public final class Grids {
    private static final int CHUNK_ELEMENTS = 1 << 20;

    private Grids() {}

    /**
     * The grid of each weight, in their order.
     *
     * @throws RejectedException {@link dev.koine.engine.RejectionCode#NON_FINITE} if a weight is NaN or infinite
     */
    public static List<Grid> of(List<Weight> weights, WorkPool pool) throws RejectedException, IOException {
        List<WorkPool.Part<Grid>> parts = new ArrayList<>();
        for (Weight weight : weights) {
            parts.add(() -> Grid.of(largestMagnitude(weight)));
        }
        return pool.runAll(parts);
    }

    private static float largestMagnitude(Weight weight) throws RejectedException, IOException {
        float largest = 0;
        float[] values = new float[CHUNK_ELEMENTS];
        try (TensorReader reader = TensorReader.open(weight.tensor())) {
            long numel = weight.tensor().numel();
            for (long from = 0; from < numel; from += CHUNK_ELEMENTS) {
                int count = (int) Math.min(CHUNK_ELEMENTS, numel - from);
                reader.read(from, values, 0, count);
                TensorPruner.requireFinite(values, count, weight.tensor(), from, "base");
                for (int i = 0; i < count; i++) {
                    largest = Math.max(largest, Math.abs(values[i]));
                }
            }
        }
        return largest;
    }
}
