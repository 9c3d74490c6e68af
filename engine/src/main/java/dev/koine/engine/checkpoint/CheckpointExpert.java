package dev.koine.engine.checkpoint;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.checkpoint.WeightMap.MappedPart;
import dev.koine.engine.checkpoint.WeightMap.MappedTensor;
import dev.koine.engine.checkpoint.WeightMap.MappedWeight;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.onnx.wire.Quote;
import dev.koine.engine.tensor.Counterpart;
import dev.koine.engine.tensor.Joined;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An expert that is a checkpoint, laid over its base by the base's map. What an export of it would hold is read from the checkpoint: the same
 * values, transposed and multiplied as the exporter did it with the base, cast to the base's type.
 */
final class CheckpointExpert {
    private final MappedBase base;
    private final Checkpoint expert;

    private CheckpointExpert(MappedBase base, Checkpoint expert) {
        this.base = base;
        this.expert = expert;
    }

    /**
     * @throws RejectedException CHECKPOINT_MISMATCH if a tensor is missing or one too many, or one changed that is nowhere in the base's
     *     graph; TENSOR_MISMATCH if a tensor has another shape; GRAPH_MISMATCH if tensors differ that the base cannot tell apart;
     *     QUANTIZED if a weight is no float
     */
    static Alignment align(MappedBase base, Checkpoint expert) throws RejectedException, IOException {
        CheckpointExpert aligned = new CheckpointExpert(base, expert);
        aligned.requireSameTensors();
        aligned.requireUnmappedKept();
        for (MappedWeight weight : base.map().weights()) {
            for (MappedPart part : weight.parts()) {
                aligned.requireEqual(part);
            }
        }
        return base.align(aligned::counterpart);
    }

    private Counterpart counterpart(Weight weight, MappedWeight mapped) throws RejectedException {
        if (mapped.isOneTensor()) {
            MappedPart part = mapped.parts().get(0);
            TensorInfo tensor = tensor(part);
            return isTransposed(part, tensor)
                    ? tensor.transposed()
                    : shaped(tensor, weight.tensor().shape());
        }
        List<Joined.Part> parts = new ArrayList<>();
        for (MappedPart part : mapped.parts()) {
            TensorInfo tensor = tensor(part);
            parts.add(new Joined.Part(isTransposed(part, tensor) ? tensor.transposed() : tensor, part.factor()));
        }
        return new Joined(weight.tensor().shape(), mapped.axis(), parts);
    }

    /** Exporters drop dimensions of 1, too: the elements are the same. */
    static TensorInfo shaped(TensorInfo tensor, List<Long> shape) {
        return new TensorInfo(tensor.name(), tensor.type(), shape, tensor.file(), tensor.offset(), tensor.length());
    }

    /** The first that the expert has: frameworks leave out what is tied. */
    private TensorInfo tensor(MappedPart part) throws RejectedException {
        for (String name : part.names()) {
            TensorInfo tensor = expert.tensors().get(name);
            if (tensor != null) {
                return tensor;
            }
        }
        throw missing(part.names().get(0));
    }

    private static boolean isTransposed(MappedPart part, TensorInfo tensor) {
        return part.tensors().contains(new MappedTensor(tensor.name(), true));
    }

    private void requireSameTensors() throws RejectedException, IOException {
        for (TensorInfo ours : base.checkpoint().tensors().values()) {
            TensorInfo theirs = expert.tensors().get(ours.name());
            if (theirs != null) {
                requireAlike(ours, theirs);
            }
        }
        for (TensorInfo theirs : expert.tensors().values()) {
            if (!base.checkpoint().tensors().containsKey(theirs.name()) && !isCopy(theirs)) {
                throw new RejectedException(
                        RejectionCode.CHECKPOINT_MISMATCH,
                        "The expert's checkpoint has the tensor " + Checkpoint.describe(theirs)
                                + ", and the base's has none of that name. Fine-tune the registered base itself, with the same model"
                                + " class, and save it with save_pretrained.");
            }
        }
    }

    private static void requireAlike(TensorInfo ours, TensorInfo theirs) throws RejectedException {
        if (!ours.shape().equals(theirs.shape())) {
            throw Vocabulary.refusal(ours, theirs);
        }
        if (ours.type().isMergeable() && !theirs.type().isMergeable()) {
            throw new RejectedException(
                    RejectionCode.QUANTIZED,
                    "The expert's tensor " + Checkpoint.describe(theirs)
                            + " is no float32, float16 or bfloat16, as the base's is: "
                            + "it was quantised, or saved in another type. Save the fine-tuned model in one of these types.");
        }
    }

    /** Tied tensors are saved twice by some: another name for what is there. */
    private boolean isCopy(TensorInfo theirs) throws IOException {
        for (TensorInfo other : expert.tensors().values()) {
            if (base.checkpoint().tensors().containsKey(other.name())
                    && other.shape().equals(theirs.shape())
                    && other.type() == theirs.type()
                    && theirs.type().isMergeable()
                    && ValueMatch.areEqual(other, theirs)) {
                return true;
            }
        }
        return false;
    }

    private void requireUnmappedKept() throws RejectedException, IOException {
        for (String name : base.map().unmapped()) {
            @Nullable TensorInfo ours = base.checkpoint().tensors().get(name);
            @Nullable TensorInfo theirs = expert.tensors().get(name);
            if (ours != null && theirs != null && !RawMatch.areEqual(ours, theirs)) {
                throw new RejectedException(
                        RejectionCode.CHECKPOINT_MISMATCH,
                        "The expert has changed the tensor " + Checkpoint.describe(theirs)
                                + ", which stands nowhere in the base's graph as it is: its exporter has left it out or made something"
                                + " else of it. Freeze it when you fine-tune, or submit an ONNX export of the expert.");
            }
        }
    }

    /** As they stand in the weight. */
    private void requireEqual(MappedPart part) throws RejectedException, IOException {
        TensorInfo first = tensor(part);
        for (String name : part.names()) {
            @Nullable TensorInfo next = expert.tensors().get(name);
            if (next == null || next.equals(first)) {
                continue;
            }
            boolean isTurned = isTransposed(part, next) != isTransposed(part, first);
            if (!ValueMatch.areEqual(first, isTurned ? next.transposed() : next)) {
                throw new RejectedException(
                        RejectionCode.GRAPH_MISMATCH,
                        "The tensors '" + Quote.of(first.name()) + "' and '" + Quote.of(name)
                                + "' are equal in the base, and its export has one for both or keeps no names that tell them"
                                + " apart; in the expert they differ. Freeze or tie them when you fine-tune, or submit an ONNX"
                                + " export of the expert.");
            }
        }
    }

    private RejectedException missing(String name) {
        return new RejectedException(
                RejectionCode.CHECKPOINT_MISMATCH,
                "The expert's checkpoint lacks the tensor '" + Quote.of(name) + "' among its "
                        + expert.tensors().size()
                        + ". Save the whole model with save_pretrained; an adapter is taken as PEFT saves it, with its"
                        + " adapter_config.json.");
    }
}
