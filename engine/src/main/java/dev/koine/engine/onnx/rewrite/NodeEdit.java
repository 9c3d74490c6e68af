package dev.koine.engine.onnx.rewrite;

import dev.koine.engine.onnx.graph.Node;
import java.util.ArrayList;
import java.util.List;

/** What becomes of one node of a file: names of what it reads and puts out, and nodes that come before and behind it. */
final class NodeEdit {
    private final List<String> inputs;
    private final List<String> outputs;
    private final List<NewNode> before = new ArrayList<>();
    private final List<NewNode> behind = new ArrayList<>();

    /** A node that stays as it is. */
    NodeEdit(Node node) {
        inputs = new ArrayList<>(node.inputs());
        outputs = new ArrayList<>(node.outputs());
    }

    List<String> inputs() {
        return inputs;
    }

    List<String> outputs() {
        return outputs;
    }

    List<NewNode> before() {
        return before;
    }

    List<NewNode> behind() {
        return behind;
    }

    /** The node reads another value at an input. */
    void read(int input, String name) {
        inputs.set(input, name);
    }

    /**
     * The node's first output gets another name, so that what comes behind it can put out what others read.
     *
     * @return the name that others read
     */
    String rename(String name) {
        return outputs.set(0, name);
    }
}
