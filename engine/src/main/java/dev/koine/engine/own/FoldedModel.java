package dev.koine.engine.own;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.WorkPool;
import dev.koine.engine.onnx.BundleWriter;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.taskvector.PrunedBlock;
import dev.koine.engine.taskvector.TaskVectorFile;
import dev.koine.engine.tensor.Run;
import dev.koine.engine.tensor.TensorReader;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Writes a base with an own term folded into its weights: {@code base + term}, added in float32 and rounded once to each tensor's element type. Holds one factor
 * pair a thread, whatever the size of the model; one result for one term.
 */
public final class FoldedModel {
    private FoldedModel() {}

    /**
     * Writes the bundle.
     *
     * @param digest of the base
     * @param target an empty folder
     * @throws RejectedException TENSOR_MISMATCH if the term is not of this base, NON_FINITE if a sum leaves the range of its tensor
     */
    public static void write(ModelBundle base, String digest, OwnTerm term, Path target, WorkPool pool)
            throws RejectedException, IOException {
        Map<TaskVectorFile.Entry, List<Weight>> weights = term.requireOf(base, digest);
        List<Weight> all = weights.values().stream().flatMap(List::stream).toList();
        try (BundleWriter writer = BundleWriter.create(base, target, all)) {
            List<WorkPool.Part<Integer>> parts = new ArrayList<>();
            for (Map.Entry<TaskVectorFile.Entry, List<Weight>> block : weights.entrySet()) {
                parts.add(() -> {
                    PrunedBlock values = term.read(block.getKey());
                    for (Weight weight : block.getValue()) {
                        add(weight, values, writer);
                    }
                    return values.numel();
                });
            }
            pool.runAll(parts);
        }
    }

    private static void add(Weight weight, PrunedBlock block, BundleWriter writer)
            throws RejectedException, IOException {
        float[] sums = new float[Run.CHUNK];
        float[] added = new float[Run.CHUNK];
        float largest = weight.tensor().type().largestValue();
        try (TensorReader reader = TensorReader.open(weight.tensor())) {
            for (Run chunk : Run.chunks(reader.numel())) {
                int count = chunk.count();
                reader.read(chunk.from(), sums, 0, count);
                block.read(chunk.at(), count, added, 0);
                for (int i = 0; i < count; i++) {
                    sums[i] += added[i];
                    if (added[i] != 0 && !(Math.abs(sums[i]) <= largest)) {
                        throw new RejectedException(
                                RejectionCode.NON_FINITE,
                                "Element " + (chunk.from() + i) + " of " + weight.key() + " becomes " + sums[i]
                                        + ", which " + weight.tensor().type() + " does not hold. Check the expert.");
                    }
                }
                writer.write(weight, chunk.from(), sums, 0, count);
            }
        }
    }
}
