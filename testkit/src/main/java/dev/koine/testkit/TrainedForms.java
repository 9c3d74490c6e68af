package dev.koine.testkit;

import dev.koine.engine.RejectedException;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.AlignedWeight;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.safetensors.SafetensorsWriter;
import dev.koine.engine.tensor.ElementReader;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.FloatEncoding;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.Values;
import dev.koine.engine.tensor.Weight;
import dev.koine.engine.tensor.WeightRole;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * Experts in the forms that training leaves them in, made from ONNX bundles: what an exporter would have had before it. Every weight is a
 * tensor under the names of its file and its initializer, those of linear layers transposed.
 */
public final class TrainedForms {
    private static final int RANK = 2;

    private TrainedForms() {}

    /** The checkpoint that an expert was exported from; of the base, if it is its own expert. */
    public static Path checkpoint(Path base, Path expert, Path target) throws IOException, RejectedException {
        ModelBundle model = ModelBundle.open(base);
        Alignment aligned = Alignment.of(model, ModelBundle.open(expert));
        SafetensorsWriter writer = new SafetensorsWriter().metadata(Map.of("format", "pt"));
        names(model).forEach((key, name) -> aligned.weights().stream()
                .filter(weight ->
                        weight.base().stream().anyMatch(one -> one.key().equals(key)))
                .findFirst()
                .ifPresent(weight -> add(writer, name, weight)));
        return write(writer, Files.createDirectories(target).resolve("model.safetensors"), target);
    }

    /** A LoRA adapter of every linear layer of a base, with random factors. */
    public static Path adapter(Path base, long seed, Path target) throws IOException, RejectedException {
        Random random = new Random(seed);
        ModelBundle model = ModelBundle.open(base);
        Map<String, String> names = names(model);
        SafetensorsWriter writer = new SafetensorsWriter();
        for (Weight weight : model.weights()) {
            String name = names.getOrDefault(weight.key(), "");
            if (weight.role() == WeightRole.LINEAR) {
                String module = "base_model.model." + name.substring(0, name.length() - ".weight".length());
                long in = weight.tensor().shape().get(0);
                long out = weight.tensor().shape().get(1);
                floats(writer, module + ".lora_A.weight", random, 0.1, RANK, in);
                floats(writer, module + ".lora_B.weight", random, 0.02, out, RANK);
            }
        }
        Files.createDirectories(target);
        Files.writeString(
                target.resolve("adapter_config.json"),
                "{\"peft_type\": \"LORA\", \"r\": " + RANK + ", \"lora_alpha\": 4, \"bias\": \"none\"}");
        return write(writer, target.resolve("adapter_model.safetensors"), target);
    }

    private static Map<String, String> names(ModelBundle model) {
        Map<String, String> names = new TreeMap<>();
        for (Weight weight : model.weights()) {
            if (weight.tensor().numel() > 1) {
                String file = weight.key().substring(0, weight.key().indexOf(".onnx"));
                boolean isLinear = weight.role() == WeightRole.LINEAR;
                names.put(weight.key(), file + "." + weight.tensor().name() + (isLinear ? ".weight" : ""));
            }
        }
        return names;
    }

    private static void add(SafetensorsWriter writer, String name, AlignedWeight aligned) {
        TensorInfo tensor = (TensorInfo) aligned.expert();
        boolean isLinear = aligned.base().get(0).role() == WeightRole.LINEAR;
        TensorInfo kept = isLinear ? tensor.transposed() : tensor;
        writer.tensor(name, tensor.type(), kept.shape(), out -> out.write(bytes(kept)));
    }

    private static byte[] bytes(Values tensor) throws IOException {
        ElementType type = tensor.tensors().get(0).type();
        try (ElementReader reader = ElementReader.open(tensor)) {
            float[] values = new float[Math.toIntExact(reader.numel())];
            reader.read(0, values, 0, values.length);
            return bytes(type, values);
        }
    }

    private static byte[] bytes(ElementType type, float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        FloatEncoding.encode(type, values, 0, values.length, bytes);
        return bytes.array();
    }

    private static void floats(
            SafetensorsWriter writer, String name, Random random, double size, long rows, long columns) {
        float[] values = new float[Math.toIntExact(rows * columns)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * size);
        }
        byte[] bytes = bytes(ElementType.FLOAT, values);
        writer.tensor(name, ElementType.FLOAT, List.of(rows, columns), out -> out.write(bytes));
    }

    private static Path write(SafetensorsWriter writer, Path file, Path folder) throws IOException {
        try (OutputStream out = Files.newOutputStream(file)) {
            writer.writeTo(out);
        }
        return folder;
    }
}
