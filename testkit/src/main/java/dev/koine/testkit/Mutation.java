package dev.koine.testkit;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Copies of a one-file model with one thing wrong. */
public final class Mutation {
    public static final String FILE = "model.onnx";
    private static final int FLOAT16 = 10;

    private Mutation() {}

    /** A plain copy of a bundle, below a directory. */
    public static Path copy(Path bundle, Path parent) throws IOException {
        Path target = Files.createTempDirectory(parent, "bundle");
        copyInto(bundle, target);
        return target;
    }

    /** Copies the files of a bundle into a directory. */
    public static void copyInto(Path bundle, Path target) throws IOException {
        try (Stream<Path> files = Files.list(bundle)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.copy(file, target.resolve(file.getFileName()));
            }
        }
    }

    /** A copy with another graph. */
    public static Path graph(Path bundle, Path parent, Consumer<GraphProto.Builder> change) throws IOException {
        Path copy = copy(bundle, parent);
        Path file = copy.resolve(FILE);
        ModelProto.Builder model = ModelProto.parseFrom(Files.readAllBytes(file)).toBuilder();
        change.accept(model.getGraphBuilder());
        Files.write(file, model.build().toByteArray());
        return copy;
    }

    /** The first node of an operator becomes another operator. */
    public static Consumer<GraphProto.Builder> operator(String from, String to) {
        return graph -> firstNode(graph, from).setOpType(to);
    }

    /** One element of the first matrix that a MatMul uses gets another value. */
    public static Consumer<GraphProto.Builder> weight(int element, float value) {
        return graph -> {
            TensorProto.Builder matrix = firstMatrix(graph);
            ByteBuffer bytes = floats(matrix);
            bytes.putFloat(element * Float.BYTES, value);
            matrix.setRawData(ByteString.copyFrom(bytes));
        };
    }

    /** The first matrix that a MatMul uses is stored in float16. */
    public static Consumer<GraphProto.Builder> halved() {
        return graph -> {
            TensorProto.Builder matrix = firstMatrix(graph);
            int numel = floats(matrix).remaining() / Float.BYTES;
            matrix.setDataType(FLOAT16).setRawData(ByteString.copyFrom(new byte[numel * Short.BYTES]));
        };
    }

    /** The first matrix that a MatMul uses loses its last row. */
    public static Consumer<GraphProto.Builder> shortened() {
        return graph -> {
            TensorProto.Builder matrix = firstMatrix(graph);
            long rows = matrix.getDims(0) - 1;
            int bytes = Math.toIntExact(rows * matrix.getDims(1) * Float.BYTES);
            matrix.setDims(0, rows).setRawData(matrix.getRawData().substring(0, bytes));
        };
    }

    /** The name of the matrix that the mutations change. */
    public static String matrix(Path bundle) throws IOException {
        return firstMatrix(ModelProto.parseFrom(Files.readAllBytes(bundle.resolve(FILE))).toBuilder()
                        .getGraphBuilder())
                .getName();
    }

    private static NodeProto.Builder firstNode(GraphProto.Builder graph, String operator) {
        return graph.getNodeBuilderList().stream()
                .filter(node -> node.getOpType().equals(operator))
                .findFirst()
                .orElseThrow();
    }

    private static TensorProto.Builder firstMatrix(GraphProto.Builder graph) {
        for (NodeProto node : graph.getNodeList()) {
            for (TensorProto.Builder tensor : graph.getInitializerBuilderList()) {
                if (node.getOpType().equals("MatMul")
                        && node.getInputList().contains(tensor.getName())
                        && tensor.getDimsCount() == 2) {
                    return tensor;
                }
            }
        }
        throw new AssertionError("the model has no matrix that a MatMul uses");
    }

    private static ByteBuffer floats(TensorProto.Builder tensor) {
        return ByteBuffer.wrap(tensor.getRawData().toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
    }
}
