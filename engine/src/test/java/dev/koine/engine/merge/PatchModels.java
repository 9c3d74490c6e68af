package dev.koine.engine.merge;

import static dev.koine.engine.onnx.Protos.node;
import static dev.koine.engine.onnx.Protos.value;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import dev.koine.engine.onnx.Protos;
import dev.koine.engine.tensor.FloatEncoding;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/** Small models for {@link PatchContractTest} whose weights lie where those of {@link TestModel} do not. */
final class PatchModels {
    private static final int WIDTH = 12;

    private PatchModels() {}

    /**
     * Branches with weights of their own; floats that are packed into a field; an Identity over a weight; a variance under a Sqrt in a
     * branch.
     *
     * @param tuning 0 for the base
     */
    static Path nested(Path folder, long tuning) throws Exception {
        Random random = new Random(tuning);
        double step = tuning == 0 ? 0 : 0.02;
        GraphProto.Builder graph = GraphProto.newBuilder()
                .setName("nested")
                .addInput(value("x", Protos.FLOAT, -1, WIDTH))
                .addInput(value("flag", 9))
                .addOutput(value("y", Protos.FLOAT, -1, WIDTH))
                .addInitializer(packed("outer", random, step, WIDTH, WIDTH))
                .addInitializer(packed("shared", random, step, WIDTH))
                .addNode(node("MatMul", "", List.of("x", "outer"), List.of("a")))
                .addNode(node("Identity", "", List.of("shared"), List.of("alias")))
                .addNode(node("Add", "", List.of("a", "alias"), List.of("b")))
                .addNode(node(
                        "If",
                        "",
                        List.of("flag"),
                        List.of("y"),
                        Protos.graph("then_branch", branch("then", random, step).build()),
                        Protos.graph("else_branch", branch("else", random, step).build())));
        Protos.write(folder, "nested/model.onnx", Protos.model(graph));
        return folder;
    }

    private static GraphProto.Builder branch(String name, Random random, double step) {
        TensorProto.Builder spread = packed("spread", random, step, WIDTH);
        for (int i = 0; i < WIDTH; i++) {
            spread.setFloatData(i, step == 0 ? 1 : 0.05f);
        }
        return GraphProto.newBuilder()
                .setName(name)
                .addOutput(value(name + ".y", Protos.FLOAT, -1, WIDTH))
                .addInitializer(packed("weight", random, step, WIDTH, WIDTH))
                .addInitializer(spread)
                .addNode(node("MatMul", "", List.of("b", "weight"), List.of(name + ".c")))
                .addNode(node("Sqrt", "", List.of("spread"), List.of(name + ".d")))
                .addNode(node("Div", "", List.of(name + ".c", name + ".d"), List.of(name + ".y")));
    }

    private static TensorProto.Builder packed(String name, Random tuning, double step, long... shape) {
        Random random = new Random(name.hashCode());
        TensorProto.Builder tensor = TensorProto.newBuilder().setName(name).setDataType(Protos.FLOAT);
        int numel = 1;
        for (long size : shape) {
            tensor.addDims(size);
            numel *= (int) size;
        }
        for (int i = 0; i < numel; i++) {
            tensor.addFloatData((float) (random.nextGaussian() * 0.1 + tuning.nextGaussian() * step));
        }
        return tensor;
    }

    /** One matrix of so many elements that its totals are not wide, in float32. */
    static Path large(Path folder, long tuning) throws Exception {
        return matrix(folder, Protos.FLOAT, tuning, 261, 257);
    }

    /** One matrix in bfloat16, number by number. */
    static Path varints(Path folder, long tuning) throws Exception {
        return matrix(folder, Protos.BFLOAT16, tuning, 5, 7);
    }

    private static Path matrix(Path folder, int code, long tuning, int rows, int columns) throws Exception {
        Random values = new Random(5);
        Random random = new Random(tuning);
        TensorProto.Builder tensor = TensorProto.newBuilder()
                .setName("w")
                .setDataType(code)
                .addDims(rows)
                .addDims(columns);
        float[] elements = new float[rows * columns];
        for (int i = 0; i < elements.length; i++) {
            elements[i] =
                    (float) (values.nextGaussian() * 0.05) + (tuning == 0 ? 0 : (float) random.nextGaussian() * 0.01f);
            if (code == Protos.BFLOAT16) {
                tensor.addInt32Data(FloatEncoding.toBfloat16(elements[i]) & 0xffff);
            }
        }
        if (code == Protos.FLOAT) {
            tensor.setRawData(ByteString.copyFrom(Protos.bytes(elements)));
        }
        GraphProto.Builder graph = GraphProto.newBuilder()
                .setName("matrix")
                .addInput(value("x", code, -1, rows))
                .addOutput(value("y", code, -1, columns))
                .addInitializer(tensor)
                .addNode(node("MatMul", "/w", List.of("x", "w"), List.of("p")))
                .addNode(node("Relu", "/relu", List.of("p"), List.of("y")));
        Protos.write(folder, "model.onnx", Protos.model(graph));
        return folder;
    }
}
