package dev.koine.engine.merge;

import dev.koine.engine.merge.TestModel.Tensor;
import dev.koine.engine.safetensors.SafetensorsWriter;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.FloatEncoding;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** A {@link TestModel} as a training framework would keep it: linear weights transposed, under names of its own, in float32 or as exported. */
final class TestCheckpoint {
    private TestCheckpoint() {}

    /** What a checkpoint calls the tensor of a test model. */
    static String name(String tensor) {
        return "model." + (tensor.endsWith("bias") ? tensor : tensor + ".weight");
    }

    static boolean isLinear(String tensor) {
        return tensor.endsWith(".up") || tensor.endsWith(".down");
    }

    /** Writes a checkpoint in one file, every tensor in its own type. */
    static Path write(TestModel model, Path directory) throws IOException {
        Files.createDirectories(directory);
        write(directory.resolve("model.safetensors"), tensors(model, null));
        return directory;
    }

    /** Writes a checkpoint in two shards, some narrow tensors as the float32 values that they were rounded from. */
    static Path writeShards(TestModel model, Path directory, Random random) throws IOException {
        Files.createDirectories(directory);
        List<Map<String, Tensor>> shards = List.of(new LinkedHashMap<>(), new LinkedHashMap<>());
        List<String> places = new ArrayList<>();
        tensors(model, random).forEach((name, tensor) -> {
            int shard = places.isEmpty() ? 0 : random.nextInt(2);
            shards.get(shard).put(name, tensor);
            places.add("\"" + name + "\": \"" + file(shard) + "\"");
        });
        for (int i = 0; i < 2; i++) {
            write(directory.resolve(file(i)), shards.get(i));
        }
        Files.writeString(
                directory.resolve("model.safetensors.index.json"),
                "{\"metadata\": {\"total_size\": 1}, \"weight_map\": {" + String.join(", ", places) + "}}");
        return directory;
    }

    private static String file(int shard) {
        return "model-0000" + (shard + 1) + "-of-00002.safetensors";
    }

    private static Map<String, Tensor> tensors(TestModel model, @Nullable Random widened) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        model.tensors().forEach((name, tensor) -> {
            if (!name.equals("mask")) {
                Tensor kept = isLinear(name) ? TestModel.transposed(tensor) : tensor;
                boolean isWidened = widened != null && widened.nextBoolean();
                tensors.put(name(name), isWidened ? widened(kept) : kept);
            }
        });
        return tensors;
    }

    /** Float32 values that round to those that the tensor has. */
    private static Tensor widened(Tensor tensor) {
        float[] values = tensor.values().clone();
        for (int i = 0; i < values.length; i++) {
            boolean isRounded = tensor.type() != ElementType.FLOAT && values[i] != 0;
            values[i] = isRounded ? Math.nextUp(values[i]) : values[i];
        }
        return new Tensor(ElementType.FLOAT, tensor.shape(), false, values);
    }

    static void write(Path file, Map<String, Tensor> tensors) throws IOException {
        SafetensorsWriter writer = new SafetensorsWriter().metadata(Map.of("format", "pt"));
        tensors.forEach(
                (name, tensor) -> writer.tensor(name, tensor.type(), tensor.shape(), out -> out.write(bytes(tensor))));
        try (OutputStream out = Files.newOutputStream(file)) {
            writer.writeTo(out);
        }
    }

    private static byte[] bytes(Tensor tensor) {
        ByteBuffer bytes =
                ByteBuffer.allocate(tensor.numel() * tensor.type().bytes()).order(ByteOrder.LITTLE_ENDIAN);
        FloatEncoding.encode(tensor.type(), tensor.values(), 0, tensor.numel(), bytes);
        return bytes.array();
    }
}
