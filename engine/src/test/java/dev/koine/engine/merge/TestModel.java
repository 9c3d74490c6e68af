package dev.koine.engine.merge;

import static dev.koine.engine.onnx.Protos.node;
import static dev.koine.engine.onnx.Protos.value;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import dev.koine.engine.onnx.Protos;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.FloatEncoding;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A speech model with every kind of weight that is merged, small enough to make by the dozen: an encoder with a mask, a
 * convolution and MLP layers, some of its weights in external data, and a decoder in two files that share all tensors, whose
 * projection is the transposed embedding. Written as a bundle that ONNX Runtime runs.
 */
final class TestModel {
    static final List<String> DECODERS = List.of("decoder.onnx", "decoder_with_past.onnx");

    private final int layers;
    private final Map<String, Tensor> tensors;

    /** Values as float32 that are exact in the element type. */
    record Tensor(ElementType type, List<Long> shape, boolean external, float[] values) {
        Tensor {
            values = rounded(type, values);
        }

        int numel() {
            return values.length;
        }

        Tensor with(float[] others) {
            return new Tensor(type, shape, external, others);
        }
    }

    private TestModel(int layers, Map<String, Tensor> tensors) {
        this.layers = layers;
        this.tensors = tensors;
    }

    /** A model of random sizes and element types. */
    static TestModel random(Random random) {
        ElementType[] types = {ElementType.FLOAT, ElementType.FLOAT, ElementType.FLOAT16, ElementType.BFLOAT16};
        return random(random, 3 + random.nextInt(8), 3 + random.nextInt(14), 1 + random.nextInt(2), types);
    }

    static TestModel random(Random random, int width, int hidden, int layers, ElementType... types) {
        TestModel model = new TestModel(layers, new LinkedHashMap<>());
        model.fill(random, width, hidden, types);
        return model;
    }

    private void fill(Random random, int width, int hidden, ElementType... types) {
        long vocabulary = width + 2L;
        put("embed", pick(random, types), false, gaussian(random, vocabulary * width), vocabulary, width);
        float[] mask = new float[width];
        for (int i = 0; i < width; i += 2) {
            mask[i] = Float.NEGATIVE_INFINITY;
        }
        put("mask", ElementType.FLOAT, false, mask, width);
        put("conv", ElementType.FLOAT, random.nextBoolean(), gaussian(random, 3L * width * width), width, width, 3);
        put("conv.bias", ElementType.FLOAT, false, gaussian(random, width), width);
        put("gain", ElementType.FLOAT, false, gaussian(random, width), width);
        for (String stack : List.of("encoder", "decoder")) {
            for (int i = 0; i < layers; i++) {
                boolean external = stack.equals("encoder") && random.nextBoolean();
                ElementType up = pick(random, types);
                ElementType down = pick(random, types);
                String layer = stack + "." + i;
                put(layer + ".up", up, external, gaussian(random, (long) width * hidden), width, hidden);
                put(layer + ".up.bias", up, external, gaussian(random, hidden), hidden);
                put(layer + ".down", down, external, gaussian(random, (long) width * hidden), hidden, width);
                put(layer + ".down.bias", down, false, new float[width], width);
            }
        }
    }

    /** Weights of the size of a trained model's, some of them zero, some negative zero. */
    private static float[] gaussian(Random random, long numel) {
        float[] values = new float[(int) numel];
        for (int i = 0; i < values.length; i++) {
            values[i] =
                    random.nextInt(12) == 0 ? random.nextBoolean() ? 0f : -0f : (float) (random.nextGaussian() * 0.05);
        }
        return values;
    }

    private static ElementType pick(Random random, ElementType... types) {
        return types[random.nextInt(types.length)];
    }

    private void put(String name, ElementType type, boolean external, float[] values, long... shape) {
        tensors.put(name, new Tensor(type, Arrays.stream(shape).boxed().toList(), external, values));
    }

    Map<String, Tensor> tensors() {
        return tensors;
    }

    Tensor tensor(String name) {
        return Objects.requireNonNull(tensors.get(name), name);
    }

    /** This model with other values; {@code change} may give back what it was given. */
    TestModel map(BiFunction<String, Tensor, float[]> change) {
        Map<String, Tensor> changed = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> changed.put(name, tensor.with(change.apply(name, tensor))));
        return new TestModel(layers, changed);
    }

    TestModel with(String name, float[] values) {
        return map((other, tensor) -> other.equals(name) ? values : tensor.values());
    }

    /** This model with other tensors in the place of some. */
    TestModel replaced(Map<String, Tensor> others) {
        Map<String, Tensor> changed = new LinkedHashMap<>(tensors);
        changed.putAll(others);
        return new TestModel(layers, changed);
    }

    /** This model with something added to every weight. */
    TestModel plus(DoubleSupplier delta) {
        return map((name, tensor) -> {
            float[] values = tensor.values().clone();
            for (int i = 0; i < values.length; i++) {
                values[i] += (float) delta.getAsDouble();
            }
            return values;
        });
    }

    /** This model with a tensor of another shape. */
    TestModel reshaped(String name, List<Long> shape, float[] values) {
        Map<String, Tensor> changed = new LinkedHashMap<>(tensors);
        changed.put(name, new Tensor(tensor(name).type(), shape, tensor(name).external(), values));
        return new TestModel(layers, changed);
    }

    /** A fine-tune of this model: some tensors stay as they are, some change in a few places, most everywhere. */
    TestModel tuned(Random random) {
        return map((name, tensor) -> {
            int kind = random.nextInt(8);
            float[] values = tensor.values().clone();
            for (int i = 0; i < values.length; i++) {
                if (kind > 1 || (kind == 1 && random.nextInt(9) == 0)) {
                    values[i] += (float) (random.nextGaussian() * 0.01);
                }
            }
            return values;
        });
    }

    /** Writes the bundle into a directory, which is made if it is not there. */
    Path write(Path directory) throws IOException {
        Files.createDirectories(directory);
        Files.writeString(
                directory.resolve("config.json"),
                "{\"vocab_size\": " + tensor("embed").shape().get(0) + "}\n");
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        data.writeBytes(new byte[] {1, 2, 3});
        Protos.write(directory, "encoder.onnx", encoder(data));
        Files.write(directory.resolve("encoder.onnx_data"), data.toByteArray());
        for (String file : DECODERS) {
            Protos.write(directory, file, decoder());
        }
        return directory;
    }

    private ModelProto encoder(ByteArrayOutputStream data) {
        long width = width();
        GraphProto.Builder graph = GraphProto.newBuilder()
                .setName("encoder")
                .addInput(value("features", Protos.FLOAT, 1, -1, width))
                .addOutput(value("hidden", Protos.FLOAT, 1, -1, width));
        List<NodeProto> nodes = new ArrayList<>();
        nodes.add(node("Max", "/mask/Max", List.of("features", "mask"), List.of("masked")));
        nodes.add(node("Transpose", "", List.of("masked"), List.of("turned"), Protos.ints("perm", 0, 2, 1)));
        nodes.add(node(
                "Conv",
                "/conv/Conv",
                List.of("turned", "conv", "conv.bias"),
                List.of("convolved"),
                Protos.ints("pads", 1, 1)));
        nodes.add(node("Transpose", "", List.of("convolved"), List.of("back"), Protos.ints("perm", 0, 2, 1)));
        nodes.add(node("Relu", "", List.of("back"), List.of("encoder.x0")));
        nodes.addAll(layers("encoder"));
        nodes.add(Protos.constant("gain", proto("gain", tensor("gain"), null)));
        nodes.add(node("Mul", "/gain/Mul", List.of("encoder.x" + layers, "gain"), List.of("hidden")));
        tensors.forEach((name, tensor) -> {
            if (name.startsWith("encoder.") || name.startsWith("conv") || name.equals("mask")) {
                graph.addInitializer(proto(name, tensor, tensor.external() ? data : null));
            }
        });
        return Protos.model(graph.addAllNode(nodes));
    }

    private ModelProto decoder() {
        GraphProto.Builder graph = GraphProto.newBuilder()
                .setName("decoder")
                .addInput(value("tokens", Protos.INT64, 1, -1))
                .addOutput(value(
                        "logits", Protos.FLOAT, 1, -1, tensor("embed").shape().get(0)));
        List<NodeProto> nodes = new ArrayList<>();
        nodes.add(node("Gather", "/embed/Gather", List.of("embed", "tokens"), List.of("embedded")));
        nodes.add(cast("embedded", "decoder.x0"));
        nodes.addAll(layers("decoder"));
        nodes.add(cast("proj", "proj.float"));
        nodes.add(node("MatMul", "/proj/MatMul", List.of("decoder.x" + layers, "proj.float"), List.of("logits")));
        tensors.forEach((name, tensor) -> {
            if (name.startsWith("decoder.") || name.equals("embed")) {
                graph.addInitializer(proto(name, tensor, null));
            }
        });
        graph.addInitializer(proto("proj", transposed(tensor("embed")), null));
        return Protos.model(graph.addAllNode(nodes));
    }

    private List<NodeProto> layers(String stack) {
        List<NodeProto> nodes = new ArrayList<>();
        for (int i = 0; i < layers; i++) {
            String layer = stack + "." + i;
            String in = stack + ".x" + i;
            for (String weight : List.of(".up", ".up.bias", ".down", ".down.bias")) {
                nodes.add(cast(layer + weight, layer + weight + ".float"));
            }
            String path = "/" + stack + "/layers." + i + "/";
            nodes.addAll(linear(path + "up", layer + ".up", in, layer + ".a"));
            nodes.add(node("Relu", path + "Relu", List.of(layer + ".a"), List.of(layer + ".b")));
            nodes.addAll(linear(path + "down", layer + ".down", layer + ".b", layer + ".c"));
            nodes.add(node("Add", path + "Add", List.of(in, layer + ".c"), List.of(stack + ".x" + (i + 1))));
        }
        return nodes;
    }

    private static List<NodeProto> linear(String path, String weight, String in, String out) {
        return List.of(
                node("MatMul", path + "/MatMul", List.of(in, weight + ".float"), List.of(out + ".product")),
                node("Add", path + "/Add", List.of(out + ".product", weight + ".bias.float"), List.of(out)));
    }

    private static NodeProto cast(String in, String out) {
        return node("Cast", "/" + in + "/Cast", List.of(in), List.of(out), Protos.integer("to", Protos.FLOAT));
    }

    private long width() {
        return tensor("embed").shape().get(1);
    }

    static Tensor transposed(Tensor matrix) {
        int rows = Math.toIntExact(matrix.shape().get(0));
        int columns = Math.toIntExact(matrix.shape().get(1));
        float[] values = new float[matrix.numel()];
        for (int i = 0; i < values.length; i++) {
            values[i % columns * rows + i / columns] = matrix.values()[i];
        }
        return new Tensor(matrix.type(), List.of((long) columns, (long) rows), false, values);
    }

    private static TensorProto proto(String name, Tensor tensor, @Nullable ByteArrayOutputStream data) {
        int code =
                switch (tensor.type()) {
                    case FLOAT16 -> Protos.FLOAT16;
                    case BFLOAT16 -> Protos.BFLOAT16;
                    default -> Protos.FLOAT;
                };
        byte[] bytes = encoded(tensor);
        if (data == null) {
            return TensorProto.newBuilder()
                    .setName(name)
                    .setDataType(code)
                    .addAllDims(tensor.shape())
                    .setRawData(ByteString.copyFrom(bytes))
                    .build();
        }
        TensorProto external = Protos.external(name, tensor.shape(), "encoder.onnx_data", data.size());
        data.writeBytes(bytes);
        data.writeBytes(new byte[] {(byte) 0xff, 7});
        return external.toBuilder()
                .setDataType(code)
                .addExternalData(Protos.entry("length", Integer.toString(bytes.length)))
                .build();
    }

    private static byte[] encoded(Tensor tensor) {
        ByteBuffer raw =
                ByteBuffer.allocate(tensor.numel() * tensor.type().bytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : tensor.values()) {
            switch (tensor.type()) {
                case FLOAT16 -> raw.putShort(FloatEncoding.toFloat16(value));
                case BFLOAT16 -> raw.putShort(FloatEncoding.toBfloat16(value));
                default -> raw.putFloat(value);
            }
        }
        return raw.array();
    }

    static float[] rounded(ElementType type, float[] values) {
        float[] rounded = values.clone();
        for (int i = 0; i < values.length; i++) {
            rounded[i] = switch (type) {
                case FLOAT16 -> FloatEncoding.fromFloat16(FloatEncoding.toFloat16(values[i]));
                case BFLOAT16 -> FloatEncoding.fromBfloat16(FloatEncoding.toBfloat16(values[i]));
                default -> values[i];
            };
        }
        return rounded;
    }
}
