package dev.koine.engine.onnx;

import static dev.koine.engine.onnx.Protos.node;
import static dev.koine.engine.onnx.Protos.value;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.UnaryOperator;

/** A small decoder: embedding, layers of MatMul, bias, norm and residual, and a projection to the vocabulary that is tied or not. */
public final class TinySpeech {
    public static final int WIDTH = 6;
    public static final int VOCABULARY = 9;
    public final int layers;
    /** The tensors by what they are for, not by what an export calls them. */
    public final Map<String, TensorProto> tensors = new LinkedHashMap<>();

    public TinySpeech(int layers, long seed) {
        this.layers = layers;
        Random random = new Random(seed);
        put(Protos.random("embed", random, VOCABULARY, WIDTH));
        for (int i = 0; i < layers; i++) {
            put(Protos.random("w" + i, random, WIDTH, WIDTH));
            put(Protos.random("b" + i, random, WIDTH));
            put(Protos.random("gamma" + i, random, WIDTH));
        }
        put(transpose("proj", tensor("embed")));
    }

    public TensorProto tensor(String name) {
        return Objects.requireNonNull(tensors.get(name), name);
    }

    public void put(TensorProto tensor) {
        tensors.put(tensor.getName(), tensor);
    }

    static TensorProto transpose(String name, TensorProto matrix) {
        int rows = (int) matrix.getDims(0);
        int columns = (int) matrix.getDims(1);
        float[] values = new float[rows * columns];
        var from = matrix.getRawData()
                .asReadOnlyByteBuffer()
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer();
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                values[j * rows + i] = from.get(i * columns + j);
            }
        }
        return Protos.floats(name, List.of((long) columns, (long) rows), values);
    }

    public ModelProto export() {
        return export(name -> name, new Random(0));
    }

    /** An export that calls the tensors as {@code naming} says and stores them in a random order. */
    public ModelProto export(UnaryOperator<String> naming, Random order) {
        return Protos.model(graph(naming, order));
    }

    public GraphProto.Builder graph(UnaryOperator<String> naming, Random order) {
        List<TensorProto> stored = new ArrayList<>();
        tensors.values()
                .forEach(tensor -> stored.add(tensor.toBuilder()
                        .setName(naming.apply(tensor.getName()))
                        .build()));
        Collections.shuffle(stored, order);
        return GraphProto.newBuilder()
                .setName("main")
                .addAllNode(nodes(naming))
                .addAllInitializer(stored)
                .addInput(value("tokens", Protos.INT64, -1, -1))
                .addOutput(value("logits", Protos.FLOAT, -1, -1, VOCABULARY));
    }

    List<NodeProto> nodes(UnaryOperator<String> naming) {
        List<NodeProto> nodes = new ArrayList<>();
        nodes.add(node("Gather", "/embed/Gather", List.of(naming.apply("embed"), "tokens"), List.of("x0")));
        for (int i = 0; i < layers; i++) {
            String path = "/layers." + i + "/";
            nodes.add(node("MatMul", path + "fc/MatMul", List.of("x" + i, naming.apply("w" + i)), List.of("m" + i)));
            nodes.add(node("Add", path + "fc/Add", List.of(naming.apply("b" + i), "m" + i), List.of("a" + i)));
            nodes.add(node(
                    "LayerNormalization",
                    path + "norm/LayerNormalization",
                    List.of("a" + i, naming.apply("gamma" + i)),
                    List.of("n" + i)));
            nodes.add(node("Add", path + "Add", List.of("x" + i, "n" + i), List.of("x" + (i + 1))));
        }
        nodes.add(node("MatMul", "/proj/MatMul", List.of("x" + layers, naming.apply("proj")), List.of("logits")));
        return nodes;
    }
}
