package dev.koine.engine.onnx.wiring;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.onnx.graph.StoredTensor;
import dev.koine.engine.onnx.graph.TensorBytes;
import dev.koine.engine.onnx.wire.Quote;
import dev.koine.engine.onnx.wiring.Wiring.Step;
import dev.koine.engine.onnx.wiring.Wiring.Use;
import dev.koine.engine.onnx.wiring.Wiring.Value;
import dev.koine.engine.tensor.Weight;
import dev.koine.engine.tensor.WeightRole;
import java.io.IOException;
import java.util.Map;
import java.util.Set;

/**
 * Float tensors that set an operator rather than take part in learning: {@link WeightRole#SETTING}. Exporters write them as initializers
 * like any weight. Half of one setting and half of another is no setting that anybody chose, so base and expert must agree.
 *
 * <p>Inputs that are learned now and then are left out, though most models have constants there: the exponent of a Pow (pooling), a divisor
 * (a temperature), the window of an STFT.
 */
public final class Settings {
    /** Inputs from the first to the last, of the ONNX operator. */
    private record Inputs(int first, int last) {
        boolean has(int input) {
            return first <= input && input <= last;
        }
    }

    private static final Map<String, Inputs> INPUTS = Map.ofEntries(
            Map.entry("Resize", new Inputs(1, 3)),
            Map.entry("Upsample", new Inputs(1, 1)),
            Map.entry("Clip", new Inputs(1, 2)),
            Map.entry("Dropout", new Inputs(1, 1)),
            Map.entry("Pad", new Inputs(2, 2)),
            Map.entry("Range", new Inputs(0, 2)),
            Map.entry("OneHot", new Inputs(1, 2)),
            Map.entry("NonMaxSuppression", new Inputs(2, 4)),
            Map.entry("MelWeightMatrix", new Inputs(0, 4)),
            Map.entry("QuantizeLinear", new Inputs(1, 1)),
            Map.entry("DequantizeLinear", new Inputs(1, 1)));

    private static final Set<String> ALSO_IN_ONNX_RUNTIME = Set.of("QuantizeLinear", "DequantizeLinear");

    private Settings() {}

    /** Whether a step takes the tensor as a setting, or as the epsilon that it adds to an activation under a root. */
    static boolean isSetting(Value tensor) {
        return Domains.consumers(tensor).stream().anyMatch(use -> isSetting(use) || isEpsilon(tensor, use));
    }

    private static boolean isSetting(Use use) {
        Step step = use.step();
        String op = step.node().opType();
        boolean isKnown = step.node().is(op)
                || (step.node().domain().equals("com.microsoft") && ALSO_IN_ONNX_RUNTIME.contains(op));
        Inputs inputs = INPUTS.get(op);
        return isKnown && inputs != null && inputs.has(use.input());
    }

    private static boolean isEpsilon(Value tensor, Use use) {
        Step step = use.step();
        if (numel(tensor) != 1 || !step.node().is("Add") || step.inputs().size() != 2) {
            return false;
        }
        Value other = step.inputs().get(1 - use.input());
        Value sum = step.outputs().isEmpty() ? null : step.outputs().get(0);
        boolean isAlone = other != null && other.tensor() != null && numel(other) == 1;
        return sum != null
                && !isAlone
                && Domains.consumers(sum).stream()
                        .anyMatch(next -> next.step().node().is("Sqrt"));
    }

    private static long numel(Value value) {
        StoredTensor tensor = value.tensor();
        return tensor == null ? -1 : tensor.info().numel();
    }

    /**
     * Holds a setting of the base against the expert's.
     *
     * @throws RejectedException TENSOR_MISMATCH if they differ
     */
    public static void requireEqual(Weight weight, StoredTensor base, StoredTensor expert, TensorBytes bytes)
            throws RejectedException, IOException {
        if (weight.role() == WeightRole.SETTING && !bytes.areEqual(base, expert)) {
            throw new RejectedException(
                    RejectionCode.TENSOR_MISMATCH,
                    "The tensor '" + Quote.of(weight.tensor().name()) + "' of the base, at '"
                            + Quote.of(weight.position())
                            + "', sets what the node does (a bound, a factor of size, a step, an epsilon); it is no weight that could"
                            + " be merged, and the expert has another value there. Export the expert with the"
                            + " configuration of the base.");
        }
    }
}
