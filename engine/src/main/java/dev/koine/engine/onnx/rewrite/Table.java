package dev.koine.engine.onnx.rewrite;

import dev.koine.engine.tensor.ElementType;
import java.util.List;
import java.util.Optional;

/**
 * A tensor with a row for each choice, of which the first is zeros: what a weight gets, or one of two factors of it.
 *
 * @param weight the key of the weight of the base
 * @param part which of the numbers that the weight gets
 * @param shape rows first
 * @param place of its elements, in a file beside the model file
 */
public record Table(String weight, Part part, ElementType type, List<Long> shape, NewTensor.Place place) {
    private static final String PREFIX = "koine.table.";

    public Table {
        shape = List.copyOf(shape);
    }

    /** What a row of a table holds, of a weight that is [in, out] or [out, in]. */
    public enum Part {
        /** The left factor [in, rank] of what is added to a weight [in, out]. */
        LEFT,
        /** The right factor [rank, out] of it. */
        RIGHT,
        /** The left factor [in, rank] of the transpose of what is added to a weight [out, in]. */
        LEFT_OF_TRANSPOSE,
        /** The right factor [rank, out] of it. */
        RIGHT_OF_TRANSPOSE,
        /** What is added to a vector. */
        VECTOR
    }

    /** The name of its initializer, which says what it is: a model that has been rewritten is its own index. */
    String name() {
        return PREFIX + part + "." + type + "." + shape.size() + ":" + weight;
    }

    static boolean isName(String name) {
        return name.startsWith(PREFIX);
    }

    /** What the name of a table says. */
    record Name(String weight, Part part) {}

    /** Reads a name; empty if it is not that of a table of such elements with so many axes. */
    static Optional<Name> parse(String name, ElementType type, int axes) {
        for (Part part : Part.values()) {
            String begin = PREFIX + part + "." + type + "." + axes + ":";
            if (name.startsWith(begin)) {
                return Optional.of(new Name(name.substring(begin.length()), part));
            }
        }
        return Optional.empty();
    }
}
