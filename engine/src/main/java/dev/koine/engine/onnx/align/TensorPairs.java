package dev.koine.engine.onnx.align;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.graph.StoredTensor;
import dev.koine.engine.onnx.graph.TensorBytes;
import dev.koine.engine.onnx.wire.Quote;
import dev.koine.engine.onnx.wiring.Wiring.Value;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.Weight;
import dev.koine.engine.tensor.WeightRole;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The expert's tensor for each tensor of the base, as the walk finds them, and the checks that a pair must pass. */
final class TensorPairs {
    private final ModelBundle bundle;
    private final TensorBytes bytes;
    private final Map<Value, Pair> pairs = new IdentityHashMap<>();
    private final Map<Range, Pair> byRange = new HashMap<>();

    /** @param bundle the base, whose weights' roles a message names */
    TensorPairs(ModelBundle bundle, TensorBytes bytes) {
        this.bundle = bundle;
        this.bytes = bytes;
    }

    TensorBytes bytes() {
        return bytes;
    }

    /** The expert's tensor for a tensor of the base; null if nothing in the graph uses it. */
    @Nullable
    StoredTensor expertOf(Value base) {
        Pair pair = pairs.get(base);
        return pair == null ? null : pair.tensor();
    }

    /**
     * Takes a pair.
     *
     * @throws RejectedException TENSOR_MISMATCH if type or shape differ; QUANTIZED if the values of an integer tensor differ, TENSOR_MISMATCH
     *     if those of another tensor do that is never merged; GRAPH_MISMATCH if the base shares the tensor with a place where the expert
     *     has another
     */
    void add(Value ours, StoredTensor base, Value theirs, StoredTensor expert, String position)
            throws RejectedException, IOException {
        Pair known = pairs.get(ours);
        if (known != null && known.value() == theirs) {
            return;
        }
        String where = "The tensor '" + Quote.of(ours.name()) + "' of the base, at '" + Quote.of(position) + "',";
        if (base.onnxType() != expert.onnxType()
                || !base.info().shape().equals(expert.info().shape())) {
            throw new RejectedException(
                    RejectionCode.TENSOR_MISMATCH,
                    where + " is " + describe(base) + ", the expert's '" + Quote.of(theirs.name()) + "' there is "
                            + describe(expert) + advice(ours, base, expert));
        }
        if (base.isMergeable() && expert.isReadable()) {
            addWeight(ours, base, new Pair(theirs, expert, position), known);
        } else if (!bytes.areEqual(base, expert)) {
            throw differentConstant(base, where);
        }
    }

    private String advice(Value ours, StoredTensor base, StoredTensor expert) {
        boolean isConverted = base.isMergeable()
                && expert.isMergeable()
                && base.info().shape().equals(expert.info().shape());
        return isConverted
                ? ": "
                        + Converted.advice(
                                base.info().type().toString(),
                                expert.info().type().toString())
                : ". " + resized(ours, base, expert)
                        + "Fine-tune the registered base itself, and keep its vocabulary and element types.";
    }

    private void addWeight(Value ours, StoredTensor base, Pair pair, @Nullable Pair known)
            throws RejectedException, IOException {
        Range range = new Range(base.info().file(), base.info().offset());
        Pair other = known == null ? byRange.putIfAbsent(range, pair) : known;
        if (other != null && !bytes.areEqual(other.tensor(), pair.tensor())) {
            throw new RejectedException(
                    RejectionCode.GRAPH_MISMATCH,
                    "The base has one tensor '" + Quote.of(ours.name()) + "' at '" + Quote.of(other.position())
                            + "' and at '" + Quote.of(pair.position())
                            + "', where the expert has the different tensors '"
                            + Quote.of(other.value().name()) + "' and '"
                            + Quote.of(pair.value().name())
                            + "'. The base was exported with equal tensors stored once: export and register it again"
                            + " without that deduplication (torch.onnx.export with dynamo=True and optimize=False), and export"
                            + " the experts alike.");
        }
        if (known == null) {
            pairs.put(ours, pair);
        }
    }

    private static RejectedException differentConstant(StoredTensor base, String where) {
        boolean isInteger =
                switch (base.info().type()) {
                    case UINT2,
                            INT2,
                            UINT4,
                            INT4,
                            UINT8,
                            INT8,
                            UINT16,
                            INT16,
                            INT32,
                            INT64,
                            UINT32,
                            UINT64,
                            BOOL,
                            OTHER -> true;
                    default -> false;
                };
        return new RejectedException(
                isInteger ? RejectionCode.QUANTIZED : RejectionCode.TENSOR_MISMATCH,
                where + " is " + describe(base)
                        + ", which is never merged and must be equal in the expert, but its values differ. "
                        + (isInteger ? "Merge in float and quantise when publishing; export" : "Export")
                        + " base and expert with the same settings"
                        + (base.info().type() == ElementType.STRING ? " and the same vocabulary." : "."));
    }

    /** A sentence where one size of an embedding or of a vocabulary projection differs; else nothing. */
    private String resized(Value value, StoredTensor base, StoredTensor expert) {
        Weight weight = bundle.weightsByValue().get(value);
        List<Long> ours = base.info().shape();
        List<Long> theirs = expert.info().shape();
        if (weight == null || ours.size() != 2 || theirs.size() != 2) {
            return "";
        }
        int first = ours.get(0).equals(theirs.get(0)) ? 1 : 0;
        if (first == 0 && !ours.get(1).equals(theirs.get(1))) {
            return "";
        }
        String entries = ours.get(first) + " entries in the base, " + theirs.get(first) + " in the expert. ";
        return switch (weight.role()) {
            case VOCABULARY_PROJECTION -> "The vocabulary was resized: " + entries;
            case EMBEDDING ->
                first != 0
                        ? ""
                        : (isVocabulary(ours.get(0)) ? "The vocabulary was resized: " : "A table was resized: ")
                                + entries;
            case LINEAR, VARIANCE, SETTING, OTHER -> "";
        };
    }

    private boolean isVocabulary(long size) {
        boolean isProjected = bundle.weights().stream()
                .anyMatch(weight -> weight.role() == WeightRole.VOCABULARY_PROJECTION
                        && weight.tensor().shape().contains(size));
        return isProjected
                || bundle.models().stream()
                        .flatMap(model -> model.graph().outputs().stream())
                        .anyMatch(output -> output.type().endsWith("," + size + "]"));
    }

    private static String describe(StoredTensor tensor) {
        List<Long> shape = tensor.info().shape();
        ElementType type = tensor.info().type();
        return (type == ElementType.OTHER ? "type " + tensor.onnxType() : type.toString()) + shape;
    }

    private record Pair(Value value, StoredTensor tensor, String position) {}

    private record Range(Path file, long offset) {}
}
