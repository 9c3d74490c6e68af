package dev.koine.engine.onnx.rewrite;

import dev.koine.engine.onnx.graph.Node;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What becomes of one model file: edits of its nodes, in whatever subgraph, and inputs, tensors and metadata that its outermost graph gets. */
public final class ModelEdit {
    private final Map<Place, NodeEdit> nodes = new LinkedHashMap<>();
    private final List<NewTensor> tensors = new ArrayList<>();
    private final Map<String, Integer> inputs = new TreeMap<>();
    private final Map<String, String> metadata = new TreeMap<>();

    /** A node by the path of its subgraph, as {@code Wiring} has it, and its index there. */
    private record Place(String path, int index) {}

    /** The edit of a node, which is left as it is unless that is changed. */
    NodeEdit of(String path, int index, Node node) {
        return nodes.computeIfAbsent(new Place(path, index), place -> new NodeEdit(node));
    }

    @Nullable
    NodeEdit find(String path, int index) {
        return nodes.get(new Place(path, index));
    }

    /** Whether some node of a subgraph, or of one inside it, is edited. */
    boolean reaches(String path) {
        return nodes.keySet().stream().anyMatch(place -> place.path().startsWith(path));
    }

    /** How many nodes are edited. */
    public int size() {
        return nodes.size();
    }

    /** Adds an initializer. */
    void add(NewTensor tensor) {
        tensors.add(tensor);
    }

    public List<NewTensor> tensors() {
        return List.copyOf(tensors);
    }

    /**
     * Adds an input of int64.
     *
     * @param axes 0 for a scalar; else as many, of any size
     */
    void input(String name, int axes) {
        inputs.put(name, axes);
    }

    Map<String, Integer> inputs() {
        return inputs;
    }

    void metadata(String key, String value) {
        metadata.put(key, value);
    }

    Map<String, String> metadata() {
        return metadata;
    }
}
