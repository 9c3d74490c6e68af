package dev.koine.engine.checkpoint;

import dev.koine.engine.tensor.Weight;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Names that exporters keep: of the parameter, as the initializer's name, or of its module, as the path of the node that uses it. They prove
 * nothing, and serve only to tell tensors of equal values apart.
 */
final class KeptNames {
    private KeptNames() {}

    /** The one tensor of some with equal values that a weight is named after; empty if none is, or several are. */
    static Optional<String> theOneOf(List<String> tensors, Weight weight) {
        Optional<String> parameter =
                only(tensors, tensor -> isSuffix(weight.tensor().name(), tensor));
        return parameter.isPresent() ? parameter : only(tensors, tensor -> isSuffix(module(weight), module(tensor)));
    }

    private static Optional<String> only(List<String> tensors, Predicate<String> fits) {
        List<String> fitting = tensors.stream().filter(fits).toList();
        return fitting.size() == 1 ? Optional.of(fitting.get(0)) : Optional.empty();
    }

    /** Whether one of two dotted names ends with the other, at a dot. */
    private static boolean isSuffix(String a, String b) {
        return !a.isEmpty() && !b.isEmpty() && (("." + a).endsWith("." + b) || ("." + b).endsWith("." + a));
    }

    /** {@code decoder.onnx:/layers.0/fc1/Add:1} is in {@code layers.0.fc1}. */
    private static String module(Weight weight) {
        String position = weight.position();
        int first = position.indexOf(":/");
        int last = position.lastIndexOf('/');
        return first < 0 || last <= first + 2
                ? ""
                : position.substring(first + 2, last).replace('/', '.');
    }

    private static String module(String tensor) {
        int dot = tensor.lastIndexOf('.');
        return dot < 0 ? "" : tensor.substring(0, dot);
    }
}
