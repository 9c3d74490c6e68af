package dev.koine.engine.onnx;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.onnx.wire.Quote;
import dev.koine.engine.onnx.wiring.QuantizedNodes;
import java.util.List;
import java.util.Optional;

/** Refuses models whose weights are quantised, and tells a folder that holds a float model beside its quantised variants. */
final class FloatOnly {
    private FloatOnly() {}

    /** @param which {@code base} or {@code expert} */
    static void require(String which, ModelBundle bundle) throws RejectedException {
        Optional<String> node = bundle.quantization();
        if (node.isEmpty()) {
            return;
        }
        List<String> quantised = paths(bundle, true);
        List<String> floats = paths(bundle, false);
        throw new RejectedException(
                RejectionCode.QUANTIZED,
                "Weights of the " + which + " are quantised: " + node.get() + ". "
                        + (floats.isEmpty()
                                ? "Merge the float model, and quantise what is published."
                                : "Its folder holds quantised model files, " + quoted(quantised) + ", beside others, "
                                        + quoted(floats) + ": take " + quoted(quantised) + " out."));
    }

    private static List<String> paths(ModelBundle bundle, boolean isQuantised) {
        return bundle.wirings().stream()
                .filter(wiring -> QuantizedNodes.firstOf(wiring).isPresent() == isQuantised)
                .map(wiring -> wiring.model().path())
                .toList();
    }

    private static String quoted(List<String> paths) {
        return paths.stream()
                .map(path -> "'" + Quote.of(path) + "'")
                .reduce((a, b) -> a + ", " + b)
                .orElse("");
    }
}
