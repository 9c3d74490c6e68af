package dev.koine.testkit;

import ai.onnx.proto.OnnxMl;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import dev.koine.engine.tensor.FloatEncoding;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/** A model of three kilobytes that ONNX Runtime runs, with two matrices that are pruned and two biases that are not. */
public final class TinyModel {
    private static final int FLOAT = 1;
    private static final int FLOAT16 = 10;
    private static final int WIDTH = 16;
    private static final int HIDDEN = 20;

    private TinyModel() {}

    /** Writes the base. */
    public static Path base(Path directory) throws IOException {
        return write(directory, FLOAT, new Random(1), 0);
    }

    /** Writes a fine-tune of the base; another seed gives another one. */
    public static Path expert(Path directory, long seed) throws IOException {
        return write(directory, FLOAT, new Random(seed), 0.01);
    }

    /** Writes the base in float16. */
    public static Path halfBase(Path directory) throws IOException {
        return write(directory, FLOAT16, new Random(1), 0);
    }

    /** Writes a fine-tune of that, by about one float16 a weight. */
    public static Path halfExpert(Path directory, long seed) throws IOException {
        return write(directory, FLOAT16, new Random(seed), 5e-5);
    }

    private static Path write(Path directory, int type, Random tuning, double amount) throws IOException {
        Random base = new Random(0);
        GraphProto graph = GraphProto.newBuilder()
                .setName("tiny")
                .addInput(TinyOnnx.value("features", type, "frames", "" + WIDTH))
                .addOutput(TinyOnnx.value("logits", type, "frames", "" + WIDTH))
                .addInitializer(tensor("up", type, base, tuning, amount, WIDTH, HIDDEN))
                .addInitializer(tensor("up.bias", type, base, tuning, amount, HIDDEN))
                .addInitializer(tensor("down", type, base, tuning, amount, HIDDEN, WIDTH))
                .addInitializer(tensor("down.bias", type, base, tuning, amount, WIDTH))
                .addNode(node("MatMul", "/up/MatMul", "a", "features", "up"))
                .addNode(node("Add", "/up/Add", "b", "a", "up.bias"))
                .addNode(node("Relu", "/Relu", "c", "b"))
                .addNode(node("MatMul", "/down/MatMul", "d", "c", "down"))
                .addNode(node("Add", "/down/Add", "logits", "d", "down.bias"))
                .build();
        OnnxMl.ModelProto model = OnnxMl.ModelProto.newBuilder()
                .setIrVersion(8)
                .addOpsetImport(OnnxMl.OperatorSetIdProto.newBuilder().setVersion(17))
                .setGraph(graph)
                .build();
        Files.createDirectories(directory);
        Files.write(directory.resolve("model.onnx"), model.toByteArray());
        return directory;
    }

    private static TensorProto tensor(String name, int type, Random base, Random tuning, double amount, int... shape) {
        TensorProto.Builder tensor = TensorProto.newBuilder().setName(name).setDataType(type);
        int numel = 1;
        for (int size : shape) {
            tensor.addDims(size);
            numel *= size;
        }
        ByteBuffer values = ByteBuffer.allocate(numel * (type == FLOAT ? Float.BYTES : Short.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < numel; i++) {
            float value = (float) (base.nextGaussian() * 0.1 + tuning.nextGaussian() * amount);
            if (type == FLOAT) {
                values.putFloat(value);
            } else {
                values.putShort(FloatEncoding.toFloat16(value));
            }
        }
        return tensor.setRawData(ByteString.copyFrom(values.array())).build();
    }

    private static NodeProto node(String operator, String path, String output, String... inputs) {
        return NodeProto.newBuilder()
                .setOpType(operator)
                .setName(path)
                .addOutput(output)
                .addAllInput(List.of(inputs))
                .build();
    }
}
