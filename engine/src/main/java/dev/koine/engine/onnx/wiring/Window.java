package dev.koine.engine.onnx.wiring;

import dev.koine.engine.onnx.graph.Attribute;
import dev.koine.engine.onnx.graph.Node;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Which elements of its input a convolution of one group multiplies its weight with, in each of one or two directions.
 *
 * @param kernel elements
 * @param strides from one position to the next
 * @param pads zeros before the input in each direction, then those behind it
 * @param dilations from one element to the next
 */
public record Window(List<Integer> kernel, List<Integer> strides, List<Integer> pads, List<Integer> dilations) {
    private static final int MOST_DIRECTIONS = 2;
    private static final int LARGEST = 1 << 16;

    public Window {
        kernel = List.copyOf(kernel);
        strides = List.copyOf(strides);
        pads = List.copyOf(pads);
        dilations = List.copyOf(dilations);
    }

    /** The number of positions in a direction, of an input of this length. */
    public int positions(int direction, int length) {
        long reach = dilations.get(direction) * (kernel.get(direction) - 1L) + 1;
        long padded = (long) length + pads.get(direction) + pads.get(direction + kernel.size());
        return padded < reach ? 0 : Math.toIntExact((padded - reach) / strides.get(direction) + 1);
    }

    /** In one text, such as {@code conv(3;2;1,1;1)}: kernel, strides, pads and dilations. */
    public String text() {
        return "conv("
                + Stream.of(kernel, strides, pads, dilations)
                        .map(Window::text)
                        .reduce((a, b) -> a + ";" + b)
                        .orElse("") + ")";
    }

    private static String text(List<Integer> numbers) {
        return numbers.stream()
                .map(String::valueOf)
                .reduce((a, b) -> a + "," + b)
                .orElse("");
    }

    /**
     * That of a Conv; empty if it has several groups, pads as it likes, or has more directions or greater numbers than are known here.
     *
     * @param shape of its weight: [out, in, kernel...]
     */
    static Optional<Window> of(Node conv, List<Long> shape) {
        int directions = shape.size() - 2;
        if (directions < 1
                || directions > MOST_DIRECTIONS
                || attribute(conv, "auto_pad").isPresent()
                || !integers(conv, "group", List.of(1L)).equals(Optional.of(List.of(1L)))) {
            return Optional.empty();
        }
        List<Long> kernel = shape.subList(2, shape.size());
        List<Long> ones = Collections.nCopies(directions, 1L);
        Optional<List<Long>> declared = integers(conv, "kernel_shape", kernel);
        Optional<List<Integer>> strides = sizes(conv, "strides", ones, 1);
        Optional<List<Integer>> pads = sizes(conv, "pads", Collections.nCopies(2 * directions, 0L), 0);
        Optional<List<Integer>> dilations = sizes(conv, "dilations", ones, 1);
        Optional<List<Integer>> sizes = bounded(kernel, directions, 1);
        if (!declared.equals(Optional.of(kernel))
                || strides.isEmpty()
                || pads.isEmpty()
                || dilations.isEmpty()
                || sizes.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new Window(sizes.get(), strides.get(), pads.get(), dilations.get()));
    }

    private static Optional<List<Integer>> sizes(Node node, String name, List<Long> others, int least) {
        return integers(node, name, others).flatMap(numbers -> bounded(numbers, others.size(), least));
    }

    private static Optional<List<Integer>> bounded(List<Long> numbers, int count, int least) {
        return numbers.size() == count && numbers.stream().allMatch(number -> number >= least && number <= LARGEST)
                ? Optional.of(numbers.stream().map(Long::intValue).toList())
                : Optional.empty();
    }

    private static Optional<List<Long>> integers(Node node, String name, List<Long> others) {
        Optional<Attribute> attribute = attribute(node, name);
        return attribute.isEmpty() ? Optional.of(others) : attribute.get().integers();
    }

    static Optional<Attribute> attribute(Node node, String name) {
        return node.attributes().stream()
                .filter(attribute -> attribute.name().equals(name))
                .findFirst();
    }
}
