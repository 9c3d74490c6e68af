package dev.koine.engine.merge;

import static dev.koine.engine.onnx.Protos.node;
import static dev.koine.engine.onnx.Protos.value;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import dev.koine.engine.onnx.Protos;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.FloatEncoding;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** One product, a batch normalization and another one that is spelled out, and a scale behind them; all in one element type. */
record NormalizedModel(ElementType type, Map<String, float[]> tensors) {
    static final int WIDTH = 12;

    static NormalizedModel random(Random random, ElementType type) {
        Map<String, float[]> tensors = new LinkedHashMap<>();
        tensors.put("w", gaussian(random, WIDTH * WIDTH, 0, 0.1));
        for (String name : List.of("gain", "shift", "mean", "scale")) {
            tensors.put(name, gaussian(random, WIDTH, name.equals("gain") ? 1 : 0, 0.1));
        }
        for (String name : List.of("variance", "spelled")) {
            float[] values = new float[WIDTH];
            for (int i = 0; i < WIDTH; i++) {
                values[i] = (float) Math.scalb(1 + random.nextDouble(), random.nextInt(4) - 2);
            }
            tensors.put(name, values);
        }
        return new NormalizedModel(type, tensors);
    }

    private static float[] gaussian(Random random, int count, double mean, double deviation) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (mean + deviation * random.nextGaussian());
        }
        return values;
    }

    NormalizedModel with(String name, float... values) {
        Map<String, float[]> others = new LinkedHashMap<>(tensors);
        others.put(name, values);
        return new NormalizedModel(type, others);
    }

    /** Everything moved by Gaussian noise, but for the variances, which shrink to between a twentieth and a fifth. */
    NormalizedModel tuned(Random random, double deviation) {
        NormalizedModel tuned = this;
        for (Map.Entry<String, float[]> tensor : tensors.entrySet()) {
            boolean isVariance = List.of("variance", "spelled").contains(tensor.getKey());
            float[] values = tensor.getValue().clone();
            for (int i = 0; i < values.length; i++) {
                values[i] = (float)
                        (isVariance
                                ? values[i] * (0.05 + 0.15 * random.nextDouble())
                                : values[i] + deviation * random.nextGaussian());
            }
            tuned = tuned.with(tensor.getKey(), values);
        }
        return tuned;
    }

    Path write(Path directory) throws Exception {
        int code = type == ElementType.FLOAT ? Protos.FLOAT : Protos.BFLOAT16;
        GraphProto.Builder graph = GraphProto.newBuilder()
                .setName("normalized")
                .addInput(value("x", code, -1, WIDTH))
                .addOutput(value("y", code, -1, WIDTH))
                .addNode(node("MatMul", "/w", List.of("x", "w"), List.of("a")))
                .addNode(node(
                        "BatchNormalization", "/bn", List.of("a", "gain", "shift", "mean", "variance"), List.of("b")))
                .addNode(node("Add", "/var", List.of("spelled", "eps"), List.of("v")))
                .addNode(node("Sqrt", "/sqrt", List.of("v"), List.of("deviation")))
                .addNode(node("Div", "/div", List.of("b", "deviation"), List.of("c")))
                .addNode(node("Mul", "/scale", List.of("c", "scale"), List.of("y")))
                .addInitializer(tensor("eps", code, 1e-5f));
        tensors.forEach((name, values) -> graph.addInitializer(tensor(name, code, values)));
        Protos.write(directory, "model.onnx", Protos.model(graph));
        return directory;
    }

    private TensorProto tensor(String name, int code, float... values) {
        ByteBuffer raw = ByteBuffer.allocate(values.length * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            if (type == ElementType.FLOAT) {
                raw.putFloat(value);
            } else {
                raw.putShort(FloatEncoding.toBfloat16(value));
            }
        }
        TensorProto.Builder tensor =
                TensorProto.newBuilder().setName(name).setDataType(code).setRawData(ByteString.copyFrom(raw.array()));
        if (name.equals("w")) {
            tensor.addDims(WIDTH).addDims(WIDTH);
        } else {
            tensor.addDims(values.length);
        }
        return tensor.build();
    }
}
