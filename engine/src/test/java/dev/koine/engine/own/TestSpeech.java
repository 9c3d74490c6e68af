package dev.koine.engine.own;

import static dev.koine.engine.onnx.Protos.graph;
import static dev.koine.engine.onnx.Protos.integer;
import static dev.koine.engine.onnx.Protos.ints;
import static dev.koine.engine.onnx.Protos.longs;
import static dev.koine.engine.onnx.Protos.node;
import static dev.koine.engine.onnx.Protos.value;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import dev.koine.engine.onnx.Protos;
import dev.koine.engine.tensor.FloatEncoding;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;

/**
 * A small speech model with what side branches meet: a convolution, normalizations, biases before and behind, a matrix that two products share, one that leaves
 * as logits; its products written in several ways, and all layers twice in the branches of an If, as a merged decoder has them.
 */
final class TestSpeech {
    static final int WIDTH = 12;
    static final int HIDDEN = 20;
    static final int VOCABULARY = 7;
    static final int LAYERS = 2;

    /** How products are written. */
    enum Writing {
        MATMUL,
        TRANSPOSED,
        GEMM,
        BRANCHES
    }

    private final Writing writing;
    private final boolean isHalf;
    private final Map<String, float[]> values = new LinkedHashMap<>();
    private final Map<String, List<Long>> shapes = new LinkedHashMap<>();

    private TestSpeech(Writing writing, boolean isHalf) {
        this.writing = writing;
        this.isHalf = isHalf;
    }

    /** @param isHalf whether it computes in float16 */
    static TestSpeech of(Writing writing, boolean isHalf) {
        TestSpeech model = new TestSpeech(writing, isHalf);
        Random random = new Random(5);
        model.put("conv", random, 0.3, WIDTH, WIDTH, 3);
        model.put("conv.bias", random, 0.1, WIDTH);
        for (int i = 0; i < LAYERS; i++) {
            model.put(i + ".norm.scale", random, 0.1, WIDTH);
            model.put(i + ".norm.bias", random, 0.1, WIDTH);
            model.linear(i + ".up", random, WIDTH, HIDDEN);
            model.linear(i + ".down", random, HIDDEN, WIDTH);
            model.linear(i + ".out", random, WIDTH, WIDTH);
        }
        model.linear("shared", random, WIDTH, WIDTH);
        model.put("head", random, 0.3, WIDTH, VOCABULARY);
        model.put("head.bias", random, 0.1, VOCABULARY);
        for (int i = 0; i < LAYERS; i++) {
            float[] scale = Objects.requireNonNull(model.values.get(i + ".norm.scale"));
            for (int k = 0; k < scale.length; k++) {
                scale[k] += 1;
            }
        }
        return model;
    }

    private void linear(String name, Random random, int in, int out) {
        boolean isTurned = writing == Writing.TRANSPOSED || writing == Writing.GEMM;
        put(name, random, 0.3, isTurned ? out : in, isTurned ? in : out);
        put(name + ".bias", random, 0.1, out);
    }

    private void put(String name, Random random, double size, long... shape) {
        int numel = 1;
        List<Long> dimensions = new ArrayList<>();
        for (long dimension : shape) {
            numel *= (int) dimension;
            dimensions.add(dimension);
        }
        float[] all = new float[numel];
        for (int i = 0; i < numel; i++) {
            all[i] = (float) (random.nextGaussian() * size);
        }
        values.put(name, all);
        shapes.put(name, dimensions);
    }

    /** A fine-tune: all matrices and vectors change, but what a language-aware model keeps of the base does not. */
    TestSpeech tuned(long seed) {
        TestSpeech tuned = new TestSpeech(writing, isHalf);
        Random random = new Random(seed);
        tuned.shapes.putAll(shapes);
        values.forEach((name, all) -> {
            boolean isKept = name.equals("conv") || name.equals("head");
            float[] changed = all.clone();
            for (int i = 0; i < changed.length && !isKept; i++) {
                changed[i] += (float) (random.nextGaussian() * 0.02);
            }
            tuned.values.put(name, changed);
        });
        return tuned;
    }

    /** With another change of one tensor. */
    TestSpeech plus(String name, float amount) {
        TestSpeech other = new TestSpeech(writing, isHalf);
        other.shapes.putAll(shapes);
        values.forEach((key, all) -> {
            float[] changed = all.clone();
            for (int i = 0; i < changed.length && key.equals(name); i++) {
                changed[i] += amount * (i + 1);
            }
            other.values.put(key, changed);
        });
        return other;
    }

    Path write(Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("config.json"), "{\"vocab_size\": " + VOCABULARY + "}\n");
        GraphProto.Builder graph = GraphProto.newBuilder()
                .setName("speech")
                .addInput(value("features", Protos.FLOAT, -1, WIDTH, -1))
                .addOutput(value("logits", Protos.FLOAT, -1, -1, VOCABULARY));
        values.forEach((name, all) -> graph.addInitializer(tensor(name, all)));
        if (writing == Writing.GEMM) {
            graph.addInitializer(longs("shape.flat." + WIDTH, -1, WIDTH));
            graph.addInitializer(longs("shape.flat." + HIDDEN, -1, HIDDEN));
            graph.addInitializer(longs("shape.width." + WIDTH, WIDTH));
            graph.addInitializer(longs("shape.width." + HIDDEN, HIDDEN));
            graph.addInitializer(longs("shape.zero", 0));
            graph.addInitializer(longs("shape.two", 2));
        }
        List<NodeProto> front = new ArrayList<>();
        front.add(cast("features", "typed", isHalf ? Protos.FLOAT16 : Protos.FLOAT));
        front.add(node("Conv", "/conv", List.of("typed", "conv", "conv.bias"), List.of("heard"), ints("pads", 1, 1)));
        front.add(node("Transpose", "/turn", List.of("heard"), List.of("x"), ints("perm", 0, 2, 1)));
        graph.addAllNode(front);
        if (writing == Writing.BRANCHES) {
            graph.addInput(value("use_cache_branch", 9, 1));
            graph.addNode(node(
                    "If",
                    "/if",
                    List.of("use_cache_branch"),
                    List.of("y"),
                    graph("then_branch", branch("then")),
                    graph("else_branch", branch("else"))));
        } else {
            graph.addAllNode(layers("", "x", "y"));
        }
        graph.addNode(node("MatMul", "/head", List.of("y", "head"), List.of("bare")));
        graph.addNode(node("Add", "/head/Add", List.of("bare", "head.bias"), List.of("said")));
        graph.addNode(cast("said", "logits", Protos.FLOAT));
        Protos.write(folder, "model.onnx", Protos.model(graph));
        return folder;
    }

    private GraphProto branch(String name) {
        return GraphProto.newBuilder()
                .setName(name)
                .addOutput(value(name + ".y", isHalf ? Protos.FLOAT16 : Protos.FLOAT, -1, -1, WIDTH))
                .addAllNode(layers(name + ".", "x", name + ".y"))
                .build();
    }

    private List<NodeProto> layers(String prefix, String in, String out) {
        List<NodeProto> nodes = new ArrayList<>();
        String x = in;
        for (int i = 0; i < LAYERS; i++) {
            String at = prefix + i;
            nodes.add(node(
                    "LayerNormalization",
                    "/" + at + "/norm",
                    List.of(x, i + ".norm.scale", i + ".norm.bias"),
                    List.of(at + ".n"),
                    integer("axis", -1)));
            nodes.addAll(linear(at + ".up", i + ".up", at + ".n", at + ".a", WIDTH, HIDDEN, true));
            nodes.add(node("Relu", "/" + at + "/relu", List.of(at + ".a"), List.of(at + ".b")));
            nodes.addAll(linear(at + ".down", i + ".down", at + ".b", at + ".c", HIDDEN, WIDTH, false));
            nodes.addAll(linear(at + ".shared", "shared", at + ".c", at + ".d", WIDTH, WIDTH, false));
            nodes.addAll(linear(at + ".out", i + ".out", at + ".d", at + ".e", WIDTH, WIDTH, true));
            String next = i == LAYERS - 1 ? out : at + ".x";
            nodes.add(node("Add", "/" + at + "/residual", List.of(x, at + ".e"), List.of(next)));
            x = next;
        }
        return nodes;
    }

    private List<NodeProto> linear(
            String at, String weight, String in, String out, int wide, int width, boolean isBiasFirst) {
        String bias = weight + ".bias";
        List<String> sum = isBiasFirst ? List.of(bias, at + ".p") : List.of(at + ".p", bias);
        NodeProto add = node("Add", "/" + at + "/Add", sum, List.of(out));
        return switch (writing) {
            case MATMUL, BRANCHES -> List.of(node("MatMul", "/" + at, List.of(in, weight), List.of(at + ".p")), add);
            case TRANSPOSED ->
                List.of(
                        node("Transpose", "/" + at + "/T", List.of(weight), List.of(at + ".t"), ints("perm", 1, 0)),
                        node("MatMul", "/" + at, List.of(in, at + ".t"), List.of(at + ".p")),
                        add);
            case GEMM ->
                List.of(
                        node("Shape", "", List.of(in), List.of(at + ".s")),
                        node("Reshape", "", List.of(in, "shape.flat." + wide), List.of(at + ".f")),
                        node(
                                "Gemm",
                                "/" + at,
                                List.of(at + ".f", weight, bias),
                                List.of(at + ".g"),
                                integer("transB", 1)),
                        node("Slice", "", List.of(at + ".s", "shape.zero", "shape.two"), List.of(at + ".l")),
                        node(
                                "Concat",
                                "",
                                List.of(at + ".l", "shape.width." + width),
                                List.of(at + ".r"),
                                integer("axis", 0)),
                        node("Reshape", "", List.of(at + ".g", at + ".r"), List.of(out)));
        };
    }

    private static NodeProto cast(String in, String out, int type) {
        return node("Cast", "/" + in + "/Cast", List.of(in), List.of(out), integer("to", type));
    }

    private TensorProto tensor(String name, float[] all) {
        ByteBuffer raw = ByteBuffer.allocate(all.length * (isHalf ? 2 : 4)).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : all) {
            if (isHalf) {
                raw.putShort(FloatEncoding.toFloat16(value));
            } else {
                raw.putFloat(value);
            }
        }
        return TensorProto.newBuilder()
                .setName(name)
                .setDataType(isHalf ? Protos.FLOAT16 : Protos.FLOAT)
                .addAllDims(shapes.get(name))
                .setRawData(ByteString.copyFrom(raw.array()))
                .build();
    }
}
