package dev.koine.engine.onnx.graph;

import java.util.List;

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
}
