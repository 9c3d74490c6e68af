package dev.koine.engine.onnx.rewrite;

import dev.koine.engine.onnx.graph.Attribute;
import dev.koine.engine.onnx.wire.MessageBytes;
import java.util.List;

/**
 * A node that is put into a graph ({@code NodeProto}), of an ONNX operator with one output.
 *
 * @param inputs names of values that the graph has at its place
 * @param attributes of one number each
 */
public record NewNode(String opType, List<String> inputs, String output, List<Setting> attributes) {
    private static final int FLOAT = 1;
    private static final int INTEGER = 2;

    public NewNode {
        inputs = List.copyOf(inputs);
        attributes = List.copyOf(attributes);
    }

    /** One without attributes. */
    public NewNode(String opType, String output, String... inputs) {
        this(opType, List.of(inputs), output, List.of());
    }

    /**
     * An attribute ({@code AttributeProto}).
     *
     * @param value an integer, or the bits of a float
     */
    public record Setting(String name, boolean isFloat, long value) {
        /** What a node of a file has, if it is one number. */
        static Setting of(Attribute attribute) {
            String[] parts = attribute.value().split("[:;]", -1);
            if (parts.length != 3 || !parts[0].matches("[23]")) {
                throw new IllegalArgumentException("The attribute " + attribute.name() + " is not one number.");
            }
            return new Setting(attribute.name(), parts[0].equals("2"), Long.parseLong(parts[1]));
        }
    }

    /** Rows of a tensor, by an index. */
    static NewNode gather(String output, String tensor, String index) {
        return new NewNode("Gather", List.of(tensor, index), output, List.of(new Setting("axis", false, 0)));
    }

    /** Named by what it puts out: the outputs of a graph differ, and so do the names. */
    byte[] toBytes() {
        MessageBytes node = new MessageBytes();
        inputs.forEach(input -> node.text(1, input));
        node.text(2, output).text(3, output).text(4, opType);
        for (Setting attribute : attributes) {
            MessageBytes bytes = new MessageBytes().text(1, attribute.name());
            if (attribute.isFloat()) {
                bytes.floatBits(2, (int) attribute.value()).number(20, FLOAT);
            } else {
                bytes.number(3, attribute.value()).number(20, INTEGER);
            }
            node.message(5, bytes);
        }
        return node.toBytes();
    }
}
