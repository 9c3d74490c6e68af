package dev.koine.engine.onnx.align;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.SameWeights.Group;
import dev.koine.engine.onnx.graph.OnnxModel;
import dev.koine.engine.onnx.graph.StoredTensor;
import dev.koine.engine.onnx.graph.TensorBytes;
import dev.koine.engine.onnx.wire.Quote;
import dev.koine.engine.onnx.wiring.Settings;
import dev.koine.engine.onnx.wiring.Wiring.Value;
import dev.koine.engine.sidefile.SideFiles;
import dev.koine.engine.tensor.Weight;
import dev.koine.engine.tensor.WeightRole;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An expert laid over its base: each weight of the base with what the expert has at the same place of the graph (ARCHITECTURE.md, "Telling tensors apart").
 * Names of tensors and nodes play no part, since exporters number them anew.
 *
 * <p>One limit of exports: where the base's exporter has stored equal tensors once, and fine-tuning has made them different in the expert, the base
 * cannot hold both results; such a base is refused with GRAPH_MISMATCH. The other way round is no trouble.
 */
public final class Alignment {
    private final List<AlignedWeight> weights;

    /** @param weights every weight of the base, each in one of these, in the order of the first of each group */
    public Alignment(List<AlignedWeight> weights) {
        this.weights = List.copyOf(weights);
    }

    /**
     * Aligns an expert that is an export of the same kind as its base.
     *
     * @throws RejectedException QUANTIZED if weights of either are quantised or an integer tensor differs; GRAPH_MISMATCH if the model
     *     files, their graphs, operator sets, inputs or outputs differ; TENSOR_MISMATCH if a tensor has another type or shape, or a
     *     {@link WeightRole#SETTING setting} another value; SIDE_FILE_MISMATCH if a side file gives inputs or outputs another meaning. The
     *     message names the place and what to do
     * @throws IOException if a tensor cannot be read
     */
    public static Alignment of(ModelBundle base, ModelBundle expert) throws RejectedException, IOException {
        base.requireFloat("base");
        expert.requireFloat("expert");
        List<String> ours = base.models().stream().map(OnnxModel::path).toList();
        List<String> theirs = expert.models().stream().map(OnnxModel::path).toList();
        if (!ours.equals(theirs)) {
            throw new RejectedException(
                    RejectionCode.GRAPH_MISMATCH,
                    "The base has the model files " + Quote.of(ours.toString()) + ", the expert "
                            + Quote.of(theirs.toString())
                            + ". Export the expert as the base was exported, into files of the same names.");
        }
        try (TensorBytes bytes = new TensorBytes()) {
            TensorPairs pairs = new TensorPairs(base, bytes);
            for (int i = 0; i < ours.size(); i++) {
                GraphWalk.walk(base.wirings().get(i), expert.wirings().get(i), pairs);
            }
            SideFiles.requireSameMeaning(base.directory(), base.files(), expert.directory(), expert.files());
            return new Alignment(group(base, pairs, bytes));
        }
    }

    /** Every weight of the base, each in one of these, in the order of the first of each group. */
    public List<AlignedWeight> weights() {
        return weights;
    }

    private static List<AlignedWeight> group(ModelBundle base, TensorPairs pairs, TensorBytes bytes)
            throws RejectedException, IOException {
        SameWeights same = new SameWeights(bytes);
        for (Map.Entry<Value, Weight> entry : base.weightsByValue().entrySet()) {
            StoredTensor ours = entry.getKey().tensor();
            StoredTensor theirs = pairs.expertOf(entry.getKey());
            if (ours == null || theirs == null) {
                throw new IllegalStateException(
                        "The walk has not met the weight " + entry.getValue().key());
            }
            Settings.requireEqual(entry.getValue(), ours, theirs, bytes);
            same.add(entry.getValue(), List.of(ours, theirs));
        }
        Map<Group, Group> transposes = same.transposes();
        return same.groups().stream()
                .map(group -> aligned(group, transposes.get(group)))
                .toList();
    }

    private static AlignedWeight aligned(Group group, @Nullable Group transposeOf) {
        return new AlignedWeight(
                group.weights(),
                group.tensors().get(1).info(),
                transposeOf == null ? List.of() : transposeOf.weights());
    }
}
