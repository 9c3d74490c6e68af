package dev.koine.fuzz;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;

/** Small good models. */
final class Models {
    private static final int WIDTH = 6;

    private Models() {}

    /** Two matrices and a bias, stored in the file. */
    static byte[] inline(long seed) {
        return model(graph(seed).build()).toByteArray();
    }

    /** The same with its first matrix in a file beside it. */
    static byte[] external(long seed, String location, long offset, long length) {
        GraphProto.Builder graph = graph(seed);
        graph.getInitializerBuilder(0)
                .clearRawData()
                .setDataLocation(TensorProto.DataLocation.EXTERNAL)
                .addAllExternalData(List.of(
                        entry("location", location), entry("offset", "" + offset), entry("length", "" + length)));
        return model(graph.build()).toByteArray();
    }

    /** The same inside a branch of an If, so deep. */
    static byte[] nested(long seed, int depth) {
        GraphProto.Builder inner = graph(seed);
        for (int i = 0; i < depth; i++) {
            NodeProto branch = NodeProto.newBuilder()
                    .setOpType("If")
                    .setName("if" + i)
                    .addInput("condition")
                    .addOutput("y")
                    .addAttribute(AttributeProto.newBuilder()
                            .setName("then_branch")
                            .setType(AttributeProto.AttributeType.GRAPH)
                            .setG(inner))
                    .build();
            inner = GraphProto.newBuilder().setName("outer" + i).addNode(branch).addOutput(value("y"));
        }
        return model(inner.build()).toByteArray();
    }

    private static GraphProto.Builder graph(long seed) {
        Random random = new Random(seed);
        return GraphProto.newBuilder()
                .setName("g")
                .addInput(value("x"))
                .addOutput(value("y"))
                .addInitializer(matrix("a", random, WIDTH, WIDTH))
                .addInitializer(matrix("b", random, WIDTH))
                .addInitializer(matrix("c", random, WIDTH, WIDTH))
                .addNode(node("MatMul", "/m0", "h", "x", "a"))
                .addNode(node("Add", "/add", "i", "h", "b"))
                .addNode(node("MatMul", "/m1", "y", "i", "c"));
    }

    private static ModelProto model(GraphProto graph) {
        return ModelProto.newBuilder()
                .setIrVersion(8)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
                .addMetadataProps(entry("n_mels", "80"))
                .setGraph(graph)
                .build();
    }

    private static NodeProto node(String operator, String name, String output, String... inputs) {
        return NodeProto.newBuilder()
                .setOpType(operator)
                .setName(name)
                .addAllInput(List.of(inputs))
                .addOutput(output)
                .build();
    }

    private static TensorProto matrix(String name, Random random, long... dims) {
        int numel = 1;
        TensorProto.Builder tensor = TensorProto.newBuilder().setName(name).setDataType(1);
        for (long dim : dims) {
            tensor.addDims(dim);
            numel *= (int) dim;
        }
        ByteBuffer bytes = ByteBuffer.allocate(numel * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < numel; i++) {
            bytes.putFloat((float) random.nextGaussian());
        }
        return tensor.setRawData(ByteString.copyFrom(bytes.flip())).build();
    }

    private static ValueInfoProto value(String name) {
        return ValueInfoProto.newBuilder().setName(name).build();
    }

    private static StringStringEntryProto entry(String key, String value) {
        return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
    }
}
