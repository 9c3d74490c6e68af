package dev.koine.engine.merge.total;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.WorkPool;
import dev.koine.engine.linalg.Grid;
import dev.koine.engine.linalg.Kernels;
import dev.koine.engine.tensor.Run;
import dev.koine.engine.tensor.TensorReader;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The grids of a base's weights. */
public final class Grids {
    private Grids() {}

    /**
     * The grid of each weight, in their order. Infinities, such as those of an attention mask, do not count: nothing can be added
     * to them.
     *
     * @throws RejectedException {@link RejectionCode#NON_FINITE} if a weight is NaN
     */
    public static List<Grid> of(List<Weight> weights, WorkPool pool) throws RejectedException, IOException {
        List<WorkPool.Part<Grid>> parts = new ArrayList<>();
        for (Weight weight : weights) {
            parts.add(() -> Grid.of(largestMagnitude(weight), weight.tensor().numel()));
        }
        return pool.runAll(parts);
    }

    /** The largest finite magnitude of a weight; throws as {@link #of}. */
    static float largestMagnitude(Weight weight) throws RejectedException, IOException {
        float largest = 0;
        long numel = weight.tensor().numel();
        float[] values = new float[(int) Math.min(Run.PART, numel)];
        try (TensorReader reader = TensorReader.open(weight.tensor())) {
            for (Run part : Run.cut(numel, Run.PART)) {
                reader.read(part.from(), values, 0, part.count());
                largest = Math.max(largest, largestMagnitude(weight, part.from(), values, part.count()));
            }
        }
        return largest;
    }

    /**
     * The largest finite magnitude among a run of a weight's elements.
     *
     * @param from the run's first element
     * @throws RejectedException {@link RejectionCode#NON_FINITE} if one is NaN
     */
    public static float largestMagnitude(Weight weight, long from, float[] values, int count) throws RejectedException {
        float largest = Kernels.fastest().largest(values, 0, count);
        if (Float.isFinite(largest)) {
            return largest;
        }
        largest = 0;
        for (int i = 0; i < count; i++) {
            if (Float.isNaN(values[i])) {
                throw notANumber(weight, from + i);
            }
            if (Float.isFinite(values[i])) {
                largest = Math.max(largest, Math.abs(values[i]));
            }
        }
        return largest;
    }

    private static RejectedException notANumber(Weight weight, long element) {
        return new RejectedException(
                RejectionCode.NON_FINITE,
                "Tensor " + weight.tensor().name() + " at " + weight.position() + " of the base is NaN at element "
                        + element + ". Export a healthy checkpoint and register it again.");
    }
}
