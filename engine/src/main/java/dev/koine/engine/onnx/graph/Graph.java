package dev.koine.engine.onnx.graph;

import java.util.List;

/** A graph or subgraph ({@code GraphProto}), everything in the order of the file. */
public record Graph(
        String name,
        List<Node> nodes,
        List<StoredTensor> initializers,
        List<ValueInfo> inputs,
        List<ValueInfo> outputs) {
    public Graph {
        nodes = List.copyOf(nodes);
        initializers = List.copyOf(initializers);
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
    }
}
