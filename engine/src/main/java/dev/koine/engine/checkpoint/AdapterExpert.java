package dev.koine.engine.checkpoint;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.checkpoint.Adapter.Delta;
import dev.koine.engine.checkpoint.WeightMap.MappedPart;
import dev.koine.engine.checkpoint.WeightMap.MappedWeight;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.onnx.wire.Quote;
import dev.koine.engine.tensor.Counterpart;
import dev.koine.engine.tensor.Factors;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.Weight;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** An expert that is a LoRA adapter, laid over its base by the base's map: its factors where it has some, and nothing elsewhere. */
final class AdapterExpert {
    private final MappedBase base;
    private final Adapter adapter;

    private AdapterExpert(MappedBase base, Adapter adapter) {
        this.base = base;
        this.adapter = adapter;
    }

    /**
     * @throws RejectedException CHECKPOINT_MISMATCH if it changes a tensor that the base does not have, or that is nowhere in its graph as it
     *     is; TENSOR_MISMATCH if its factors are of another size; GRAPH_MISMATCH if it changes one of tensors that the base cannot tell
     *     apart
     */
    static Alignment align(MappedBase base, Adapter adapter) throws RejectedException {
        AdapterExpert expert = new AdapterExpert(base, adapter);
        Set<String> targets = new TreeSet<>(adapter.deltas().keySet());
        for (String name : adapter.whole().keySet()) {
            if (!targets.add(name)) {
                throw AdapterConfig.unsupported("has both factors and a whole tensor for '" + Quote.of(name) + "'");
            }
        }
        for (String target : targets) {
            expert.requireKnown(target);
        }
        return base.align(expert::counterpart);
    }

    private Counterpart counterpart(Weight weight, MappedWeight mapped) throws RejectedException {
        for (MappedPart part : mapped.parts()) {
            @Nullable String target = target(part);
            if (target != null) {
                requireAlone(mapped, part, target);
                @Nullable Delta delta = adapter.deltas().get(target);
                return delta == null ? whole(weight, part, target) : factors(part, delta);
            }
        }
        return new Counterpart.Same();
    }

    private @Nullable String target(MappedPart part) {
        for (String name : part.names()) {
            if (adapter.deltas().containsKey(name) || adapter.whole().containsKey(name)) {
                return name;
            }
        }
        return null;
    }

    private static Factors factors(MappedPart part, Delta delta) {
        return new Factors(
                delta.left(),
                delta.right(),
                delta.factor() * part.factor(),
                delta.isTransposed() != part.tensors().get(0).isTransposed());
    }

    private Counterpart whole(Weight weight, MappedPart part, String target) throws RejectedException {
        TensorInfo tensor = adapter.whole().get(target);
        if (tensor == null || part.factor() != 1) {
            throw folded(target);
        }
        return part.tensors().get(0).isTransposed()
                ? tensor.transposed()
                : CheckpointExpert.shaped(tensor, weight.tensor().shape());
    }

    private static void requireAlone(MappedWeight mapped, MappedPart part, String target) throws RejectedException {
        if (mapped.parts().size() > 1) {
            throw folded(target);
        }
        if (part.tensors().size() > 1) {
            throw new RejectedException(
                    RejectionCode.GRAPH_MISMATCH,
                    "The adapter changes '" + Quote.of(target)
                            + "', which is tied to or equal with others in the base ("
                            + Quote.of(String.join(", ", part.names()))
                            + "), and the base's export does not tell them apart. Train the adapter without it.");
        }
    }

    private static RejectedException folded(String target) {
        return new RejectedException(
                RejectionCode.GRAPH_MISMATCH,
                "The adapter changes '" + Quote.of(target)
                        + "', which the base's exporter has put into one weight with others. Merge the adapter into its base with"
                        + " merge_and_unload() of PEFT, save that with save_pretrained, and submit the folder.");
    }

    private void requireKnown(String target) throws RejectedException {
        @Nullable TensorInfo ours = base.checkpoint().tensors().get(target);
        String trainedOn = adapter.config().trainedOn().orElse("");
        if (ours == null) {
            throw new RejectedException(
                    RejectionCode.CHECKPOINT_MISMATCH,
                    "The adapter changes '" + Quote.of(target)
                            + "', and the base's checkpoint has no such tensor: it was trained on" + " another model."
                            + trainedOn + " Train it on the registered base.");
        }
        if (base.map().unmapped().contains(target)) {
            throw new RejectedException(
                    RejectionCode.CHECKPOINT_MISMATCH,
                    "The adapter changes '" + Quote.of(target)
                            + "', which stands nowhere in the base's graph as it is: its exporter has left it out or made"
                            + " something else of it. Train the adapter without it.");
        }
        @Nullable Delta delta = adapter.deltas().get(target);
        @Nullable TensorInfo whole = adapter.whole().get(target);
        if (delta != null) {
            requireShape(ours, delta, trainedOn);
        } else if (whole != null && !whole.shape().equals(ours.shape())) {
            throw Vocabulary.refusal(ours, whole);
        } else if (whole != null && !whole.type().isMergeable()) {
            throw AdapterConfig.unsupported("has the tensor " + Checkpoint.describe(whole) + ", which is no float");
        }
    }

    private static void requireShape(TensorInfo ours, Delta delta, String trainedOn) throws RejectedException {
        long rows = delta.isTransposed() ? delta.columns() : delta.rows();
        long columns = delta.isTransposed() ? delta.rows() : delta.columns();
        boolean fits = ours.shape().size() > 1
                && ours.shape().get(0) == rows
                && ours.numel() / Math.max(rows, 1) == columns
                && ours.numel() == rows * columns;
        if (!fits) {
            throw new RejectedException(
                    RejectionCode.TENSOR_MISMATCH,
                    "The adapter's factors " + Checkpoint.describe(delta.left()) + " and "
                            + Checkpoint.describe(delta.right()) + " make a delta of [" + rows + ", " + columns
                            + "], and the base's tensor is " + Checkpoint.describe(ours)
                            + ": it was trained on another model." + trainedOn + " Train it on the registered base.");
        }
    }
}
