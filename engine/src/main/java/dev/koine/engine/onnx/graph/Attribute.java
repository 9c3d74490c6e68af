package dev.koine.engine.onnx.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An attribute of a node ({@code AttributeProto}).
 *
 * @param type the number of its kind, {@code AttributeProto.AttributeType}
 * @param value its numbers and strings in one canonical text; the text's SHA-256 where that is long
 * @param tensors its tensors; of a Constant's {@code value} exactly one
 * @param graphs its subgraphs, as of If, Loop and Scan
 * @param reference in the body of a function, the function's attribute whose value it takes; else empty
 */
public record Attribute(
        String name, int type, String value, List<StoredTensor> tensors, List<Graph> graphs, String reference) {
    public Attribute {
        tensors = List.copyOf(tensors);
        graphs = List.copyOf(graphs);
    }

    /** Its integer, or its integers; empty if it has anything else, or more than its text holds. */
    public Optional<List<Long>> integers() {
        List<Long> integers = new ArrayList<>();
        for (String number : value.isEmpty() ? new String[0] : value.split(";")) {
            if (!number.matches("[38]:-?[0-9]{1,18}")) {
                return Optional.empty();
            }
            integers.add(Long.valueOf(number.substring(2)));
        }
        return Optional.of(integers);
    }

    /** Whether it is this one float, bit for bit. */
    public boolean isFloat(float number) {
        return value.equals("2:" + Float.floatToRawIntBits(number) + ";");
    }
}
