package dev.koine.engine.onnx.graph;

import java.util.List;

/**
 * A node of a graph ({@code NodeProto}).
 *
 * @param domain the operator's domain; empty for the ONNX operators
 * @param overload which of several functions of one name it calls; mostly empty
 * @param name the node's own name; may be empty
 * @param inputs names of the values it reads; an empty name is an input left out
 * @param outputs names of the values it produces; an empty name is an output left out
 * @param attributes sorted by name
 */
public record Node(
        String opType,
        String domain,
        String overload,
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

    /** Domain, name and overload of its operator, which say what function it calls, if any. */
    public String operator() {
        return key(domain, opType, overload);
    }

    static String key(String domain, String opType, String overload) {
        return domain + '\0' + opType + '\0' + overload;
    }

    public Node with(List<Attribute> others) {
        return new Node(opType, domain, overload, name, inputs, outputs, others);
    }
}
