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

    /**
     * Products of every form: matrices turned and not, a Transpose and a Cast before one, two copies of which one is the transpose, a convolution in two
     * directions. And what is no layer: a matrix with two inputs, one in a branch, one that a factor goes with, the vocabulary's, which has a table.
     */
    static Path layers(Path folder, long tuning) throws Exception {
        Random random = new Random(tuning);
        double step = tuning == 0 ? 0 : 0.02;
        TensorProto.Builder copied = packed("copied", random, step, 16, 16);
        TensorProto.Builder turned = copied.clone().setName("turned");
        for (int i = 0; i < 16 * 16; i++) {
            turned.setFloatData(i, copied.getFloatData(i % 16 * 16 + i / 16));
        }
        GraphProto.Builder branch = GraphProto.newBuilder()
                .setName("branch")
                .addOutput(value("inner", Protos.FLOAT, -1, 16))
                .addInitializer(packed("inside", random, step, 16, 16))
                .addNode(node("MatMul", "", List.of("s", "inside"), List.of("inner")));
        GraphProto.Builder graph = GraphProto.newBuilder()
                .setName("layers")
                .addInput(value("x", Protos.FLOAT, -1, WIDTH))
                .addInput(value("image", Protos.FLOAT, 1, 2, -1, -1))
                .addInput(value("tokens", Protos.INT64, -1))
                .addInput(value("flag", 9))
                .addOutput(value("logits", Protos.FLOAT, -1, 30))
                .addOutput(value("small", Protos.FLOAT, -1, 5))
                .addOutput(value("seen", Protos.FLOAT, 1, 3, -1, -1))
                .addOutput(value("far", Protos.FLOAT, -1, 16))
                .addOutput(value("embedded", Protos.FLOAT, -1, 16))
                .addInitializer(packed("gemm", random, step, 20, WIDTH))
                .addInitializer(packed("bias", random, step, 20))
                .addInitializer(packed("flipped", random, step, 16, 20))
                .addInitializer(copied)
                .addInitializer(turned)
                .addInitializer(packed("plain", random, step, 16, 18))
                .addInitializer(packed("back", random, step, 18, 16))
                .addInitializer(packed("twice", random, step, 16, 16))
                .addInitializer(packed("halved", random, step, 16, 16))
                .addInitializer(packed("table", random, step, 30, 16))
                .addInitializer(packed("vocabulary", random, step, 16, 30))
                .addInitializer(packed("classes", random, step, 16, 5))
                .addInitializer(packed("kernel", random, step, 3, 2, 3, 2))
                .addNode(node("Gemm", "", List.of("x", "gemm", "bias"), List.of("h"), Protos.integer("transB", 1)))
                .addNode(node("Relu", "", List.of("h"), List.of("r")))
                .addNode(node("Transpose", "", List.of("flipped"), List.of("flat")))
                .addNode(node("MatMul", "", List.of("r", "flat"), List.of("s")))
                .addNode(node("Cast", "", List.of("copied"), List.of("cast"), Protos.integer("to", Protos.FLOAT)))
                .addNode(node("MatMul", "", List.of("s", "cast"), List.of("c1")))
                .addNode(node("Gemm", "", List.of("s", "turned"), List.of("c2"), Protos.integer("transB", 1)))
                .addNode(node("Add", "", List.of("c1", "c2"), List.of("c")))
                .addNode(node("MatMul", "", List.of("c", "plain"), List.of("p")))
                .addNode(node("Relu", "", List.of("p"), List.of("pr")))
                .addNode(node("Gemm", "", List.of("pr", "back"), List.of("b"), Protos.integer("transB", 0)))
                .addNode(node("MatMul", "", List.of("b", "twice"), List.of("t1")))
                .addNode(node("MatMul", "", List.of("t1", "twice"), List.of("t2")))
                .addNode(node("Gemm", "", List.of("t2", "halved"), List.of("t3"), Protos.real("alpha", 0.5f)))
                .addNode(node("If", "", List.of("flag"), List.of("far"), Protos.graph("then_branch", branch.build())))
                .addNode(node("Gather", "", List.of("table", "tokens"), List.of("embedded")))
                .addNode(node("MatMul", "", List.of("t3", "vocabulary"), List.of("logits")))
                .addNode(node("MatMul", "", List.of("b", "classes"), List.of("small")))
                .addNode(node(
                        "Conv",
                        "",
                        List.of("image", "kernel"),
                        List.of("seen"),
                        Protos.ints("pads", 1, 0, 1, 1),
                        Protos.ints("strides", 2, 1),
                        Protos.ints("dilations", 1, 2)));
        Protos.write(folder, "model.onnx", Protos.model(graph));
        return folder;
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
