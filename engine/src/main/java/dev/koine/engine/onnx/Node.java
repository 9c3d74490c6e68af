package dev.koine.engine.onnx;

import java.util.List;

/**
 * A node of a graph ({@code NodeProto}).
 *
 * @param domain the operator's domain; empty for the ONNX operators
 * @param name the node's own name; may be empty
 * @param inputs names of the values it reads; an empty name is an input left out
 * @param outputs names of the values it produces; an empty name is an output left out
 * @param attributes sorted by name
 */
public record Node(
        String opType,
        String domain,
        String name,
        List<String> inputs,
        List<String> outputs,
        List<Attribute> attributes) {
    public Node {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        attributes = List.copyOf(attributes);
    }

    /** Whether this is the ONNX operator {@code op}, not one of a vendor's. */
    public boolean is(String op) {
        return domain.isEmpty() && opType.equals(op);
    }
}
