package dev.koine.engine.onnx.wiring;

import dev.koine.engine.onnx.wire.Quote;
import dev.koine.engine.onnx.wiring.Wiring.Scope;
import dev.koine.engine.onnx.wiring.Wiring.Step;
import dev.koine.engine.onnx.wiring.Wiring.Value;
import java.util.Optional;
import java.util.Set;

/** Finds the operators that integer-quantised weights show by: ONNX's own, and those of ONNX Runtime. */
public final class QuantizedNodes {
    private static final Set<String> OPERATORS = Set.of(
            "MatMulInteger",
            "ConvInteger",
            "DynamicQuantizeLinear",
            "DynamicQuantizeMatMul",
            "DynamicQuantizeLSTM",
            "MatMulIntegerToFloat",
            "MatMulNBits",
            "MatMulBnb4",
            "MatMulFpQ4",
            "QAttention",
            "QGemm",
            "QMoE",
            "QEmbedLayerNormalization",
            "QOrderedMatMul",
            "GatherBlockQuantized");

    private QuantizedNodes() {}

    /** The first quantised node of a model, with its file, for a message. */
    public static Optional<String> firstOf(Wiring wiring) {
        return firstOf(wiring.root()).map(node -> "'" + Quote.of(wiring.model().path()) + "', " + node);
    }

    private static Optional<String> firstOf(Scope scope) {
        for (Step step : scope.steps()) {
            if (isQuantized(step)) {
                return Optional.of(step.describe());
            }
            for (Scope body : step.bodies()) {
                Optional<String> inside = firstOf(body);
                if (inside.isPresent()) {
                    return inside;
                }
            }
        }
        return Optional.empty();
    }

    private static boolean isQuantized(Step step) {
        String op = step.node().opType();
        if (op.equals("DequantizeLinear")) {
            Value input = step.inputs().isEmpty() ? null : step.inputs().get(0);
            return input != null && input.tensor() != null;
        }
        return op.startsWith("QLinear") || OPERATORS.contains(op);
    }
}
