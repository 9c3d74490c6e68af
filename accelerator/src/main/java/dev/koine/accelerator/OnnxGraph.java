package dev.koine.accelerator;

/**
 * Writes an ONNX model, node by node, in float32; dimensions are symbols, so that one model serves matrices of all shapes (field
 * numbers: onnx.proto of ONNX 1.12, IR version 8, operator set 17).
 */
final class OnnxGraph {
    private static final int FLOAT = 1;
    private static final int ATTRIBUTE_INT = 2;

    private final ProtobufWriter graph = new ProtobufWriter();
    private int nodes;

    OnnxGraph(String name) {
        graph.string(2, name);
    }

    /** Declares an input of shape {@code [rows, columns]}; each a number or a symbol. */
    void input(String name, String rows, String columns) {
        graph.message(11, matrix(name, rows, columns));
    }

    /** Declares that {@code value} is an output of this name. */
    void output(String name, String value, String rows, String columns) {
        add(name, "Identity", value);
        graph.message(12, matrix(name, rows, columns));
    }

    /** A constant of shape {@code [1, 1]}; returns its name. */
    String constant(String name, float value) {
        ProtobufWriter tensor = new ProtobufWriter().integer(1, 1).integer(1, 1).integer(2, FLOAT);
        graph.message(5, tensor.float32(4, value).string(8, name));
        return name;
    }

    /** Adds a node; returns the name of its output. */
    String node(String operator, String... inputs) {
        return add("_" + nodes, operator, inputs);
    }

    /** {@code a b^T}. */
    String timesTransposed(String a, String b) {
        return add("_" + nodes, "Gemm", new String[] {a, b}, attribute("transB", 1));
    }

    /** The inputs one below the other (axis 0), or side by side (axis 1). */
    String concat(int axis, String... inputs) {
        return add("_" + nodes, "Concat", inputs, attribute("axis", axis));
    }

    private String add(String output, String operator, String... inputs) {
        return add(output, operator, inputs, new ProtobufWriter[0]);
    }

    private String add(String output, String operator, String[] inputs, ProtobufWriter... attributes) {
        ProtobufWriter node = new ProtobufWriter();
        for (String input : inputs) {
            node.string(1, input);
        }
        node.string(2, output).string(3, operator + "_" + nodes++).string(4, operator);
        for (ProtobufWriter attribute : attributes) {
            node.message(5, attribute);
        }
        graph.message(1, node);
        return output;
    }

    private static ProtobufWriter attribute(String name, int value) {
        return new ProtobufWriter().string(1, name).integer(3, value).integer(20, ATTRIBUTE_INT);
    }

    byte[] toByteArray() {
        return new ProtobufWriter()
                .integer(1, 8)
                .string(2, "koine")
                .message(7, graph)
                .message(8, new ProtobufWriter().string(1, "").integer(2, 17))
                .toByteArray();
    }

    private static ProtobufWriter matrix(String name, String rows, String columns) {
        ProtobufWriter shape = new ProtobufWriter().message(1, dimension(rows)).message(1, dimension(columns));
        ProtobufWriter tensor = new ProtobufWriter().integer(1, FLOAT).message(2, shape);
        return new ProtobufWriter().string(1, name).message(2, new ProtobufWriter().message(1, tensor));
    }

    private static ProtobufWriter dimension(String size) {
        return Character.isDigit(size.charAt(0))
                ? new ProtobufWriter().integer(1, Long.parseLong(size))
                : new ProtobufWriter().string(2, size);
    }
}
