package dev.koine.engine.checkpoint;

import static dev.koine.engine.onnx.Protos.node;
import static dev.koine.engine.onnx.Protos.value;

import ai.onnx.proto.OnnxMl.GraphProto;
import dev.koine.engine.onnx.Protos;
import dev.koine.engine.safetensors.SafetensorsWriter;
import dev.koine.engine.tensor.ElementType;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * An attention layer whose exporter has folded much: queries, keys and values are one matrix and one bias, with the scale in the part of the
 * queries; the output's matrix is transposed, two biases are zero and unnamed, and a norm's gain is multiplied into the next matrix.
 */
final class FoldedModel {
    static final int WIDTH = 6;
    private static final float SCALE = 0.35355338f;

    final Map<String, float[]> tensors = new TreeMap<>();

    /** A base; the same seed gives the same. */
    FoldedModel(long seed) {
        Random random = new Random(seed);
        for (String part : List.of("q", "k", "v", "out", "mlp")) {
            tensors.put("attn." + part + ".weight", gaussian(random, WIDTH * WIDTH));
        }
        for (String part : List.of("q", "k", "v")) {
            tensors.put("attn." + part + ".bias", gaussian(random, WIDTH));
        }
        tensors.put("attn.out.bias", new float[WIDTH]);
        tensors.put("attn.mlp.bias", new float[WIDTH]);
        tensors.put("norm.weight", gaussian(random, WIDTH));
        tensors.put("position.table", gaussian(random, 3 * WIDTH));
    }

    private FoldedModel(Map<String, float[]> tensors) {
        this.tensors.putAll(tensors);
    }

    /** A fine-tune of the tensors whose names begin so. */
    FoldedModel tuned(long seed, String... names) {
        Random random = new Random(seed);
        FoldedModel tuned = new FoldedModel(tensors);
        tuned.tensors.replaceAll((name, values) -> {
            float[] changed = values.clone();
            for (int i = 0; i < values.length && Arrays.stream(names).anyMatch(name::startsWith); i++) {
                changed[i] += (float) random.nextGaussian() * 0.01f;
            }
            return changed;
        });
        return tuned;
    }

    FoldedModel with(String name, float... values) {
        FoldedModel other = new FoldedModel(tensors);
        other.tensors.put(name, values);
        return other;
    }

    float[] tensor(String name) {
        return tensors.getOrDefault(name, new float[0]);
    }

    Path export(Path directory) throws IOException {
        float[] matrix = new float[3 * WIDTH * WIDTH];
        float[] bias = new float[3 * WIDTH];
        List<String> parts = List.of("q", "k", "v");
        for (int p = 0; p < 3; p++) {
            float scale = p == 0 ? SCALE : 1;
            for (int i = 0; i < WIDTH; i++) {
                for (int j = 0; j < WIDTH; j++) {
                    matrix[i * 3 * WIDTH + p * WIDTH + j] =
                            scale * tensor("attn." + parts.get(p) + ".weight")[j * WIDTH + i];
                }
                bias[p * WIDTH + i] = scale * tensor("attn." + parts.get(p) + ".bias")[i];
            }
        }
        float[] out = new float[WIDTH * WIDTH];
        float[] mlp = new float[WIDTH * WIDTH];
        for (int i = 0; i < WIDTH; i++) {
            for (int j = 0; j < WIDTH; j++) {
                out[i * WIDTH + j] = tensor("attn.out.weight")[j * WIDTH + i];
                mlp[i * WIDTH + j] = tensor("norm.weight")[i] * tensor("attn.mlp.weight")[j * WIDTH + i];
            }
        }
        List<Long> square = List.of((long) WIDTH, (long) WIDTH);
        GraphProto.Builder graph = GraphProto.newBuilder()
                .setName("folded")
                .addInput(value("x", Protos.FLOAT, -1, WIDTH))
                .addOutput(value("y", Protos.FLOAT, -1, WIDTH))
                .addInitializer(Protos.floats("val_1", List.of((long) WIDTH, 3L * WIDTH), matrix))
                .addInitializer(Protos.floats("val_2", List.of(3L * WIDTH), bias))
                .addInitializer(Protos.floats("val_3", square, out))
                .addInitializer(Protos.floats("val_4", List.of((long) WIDTH), tensor("attn.out.bias")))
                .addInitializer(Protos.floats("val_5", square, mlp))
                .addInitializer(Protos.floats("val_6", List.of((long) WIDTH), tensor("attn.mlp.bias")))
                .addInitializer(Protos.floats("val_7", List.of(), 0.5f))
                .addInitializer(Protos.floats("val_8", List.of(3L, (long) WIDTH), tensor("position.table")))
                .addInitializer(Protos.longs("val_9", 0))
                .addNode(node("MatMul", "n1", List.of("x", "val_1"), List.of("a")))
                .addNode(node("Add", "n2", List.of("a", "val_2"), List.of("b")))
                .addNode(node("Split", "n3", List.of("b"), List.of("q", "k", "v"), Protos.integer("axis", -1)))
                .addNode(node("Mul", "n4", List.of("q", "val_7"), List.of("c")))
                .addNode(node("Add", "n5", List.of("c", "k"), List.of("d")))
                .addNode(node("Add", "n6", List.of("d", "v"), List.of("e")))
                .addNode(node("MatMul", "n7", List.of("e", "val_3"), List.of("f")))
                .addNode(node("Add", "n8", List.of("f", "val_4"), List.of("g")))
                .addNode(node("MatMul", "n9", List.of("g", "val_5"), List.of("h")))
                .addNode(node("Add", "n10", List.of("h", "val_6"), List.of("i")))
                .addNode(node("Gather", "n11", List.of("val_8", "val_9"), List.of("p"), Protos.integer("axis", 0)))
                .addNode(node("Add", "n12", List.of("i", "p"), List.of("y")));
        Files.createDirectories(directory);
        Protos.write(directory, "model.onnx", Protos.model(graph));
        return directory;
    }

    Path checkpoint(Path directory) throws IOException {
        return checkpoint(directory, ElementType.FLOAT, Collections.emptyMap());
    }

    /** @param shapes of tensors that are neither square nor vectors, by name */
    Path checkpoint(Path directory, ElementType type, Map<String, List<Long>> shapes) throws IOException {
        SafetensorsWriter writer = new SafetensorsWriter();
        tensors.forEach((name, values) -> {
            List<Long> usual = values.length == WIDTH
                    ? List.of((long) WIDTH)
                    : List.of((long) values.length / WIDTH, (long) WIDTH);
            writer.tensor(name, type, shapes.getOrDefault(name, usual), out -> out.write(Protos.bytes(values)));
        });
        Files.createDirectories(directory);
        try (OutputStream out = Files.newOutputStream(directory.resolve("model.safetensors"))) {
            writer.writeTo(out);
        }
        return directory;
    }

    private static float[] gaussian(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
