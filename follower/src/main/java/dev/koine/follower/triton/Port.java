package dev.koine.follower.triton;

import dev.koine.engine.onnx.graph.ValueInfo;
import dev.koine.engine.tensor.ElementType;
import dev.koine.follower.Step.StepFailedException;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An input or output of a model.
 *
 * @param dims its sizes, -1 where one is open; empty for a scalar
 */
record Port(String name, TritonType type, List<Long> dims) {
    private static final Pattern TENSOR = Pattern.compile("tensor\\(([A-Z0-9]+)\\)\\[([0-9?,-]*)]");
    private static final Pattern NAME = Pattern.compile("[^\\p{Cntrl}\"'\\\\]+");
    private static final long OPEN = -1;

    Port {
        dims = List.copyOf(dims);
    }

    /** @throws StepFailedException if it is nothing that Triton's backend for ONNX Runtime takes */
    static Port of(String file, ValueInfo value) throws StepFailedException {
        Matcher tensor = TENSOR.matcher(value.type());
        if (!tensor.matches() || !NAME.matcher(value.name()).matches()) {
            throw notServed(file, value);
        }
        ElementType element = Arrays.stream(ElementType.values())
                .filter(type -> type.toString().equals(tensor.group(1)))
                .findFirst()
                .orElse(ElementType.OTHER);
        TritonType type = TritonType.of(element).orElseThrow(() -> notServed(file, value));
        String sizes = tensor.group(2);
        List<Long> dims = sizes.isEmpty()
                ? List.of()
                : Arrays.stream(sizes.split(",")).map(Port::size).toList();
        return new Port(value.name(), type, dims);
    }

    private static long size(String written) {
        return written.equals("?") || written.startsWith("-") ? OPEN : Long.parseLong(written);
    }

    private static StepFailedException notServed(String file, ValueInfo value) {
        return new StepFailedException("Triton does not serve " + file + ": its '" + value.name() + "' is of type '"
                + value.type() + "', which is no tensor of numbers with a shape. Export the model with one.");
    }
}
