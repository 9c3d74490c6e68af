package dev.koine.engine.export;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.linalg.LowRank;
import dev.koine.engine.safetensors.SafetensorsWriter;
import dev.koine.engine.tensor.ElementType;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an adapter adds to the weight of a linear layer: {@code b a}.
 *
 * @param a shape {@code [rank, in]}
 * @param b shape {@code [out, rank]}
 */
record AdapterLayer(int out, int in, int rank, float[] a, float[] b) {
    private static final String WEIGHTS = "adapter_model.safetensors";
    private static final String CONFIG = "adapter_config.json";
    private static final String PREFIX = "base_model.model.";
    private static final JsonMapper JSON = new JsonMapper();

    static AdapterLayer of(LowRank product, boolean isTransposed) {
        return isTransposed
                ? new AdapterLayer(
                        product.columns(),
                        product.rows(),
                        product.rank(),
                        transposed(product.u(), product.rows(), product.rank()),
                        transposed(product.v(), product.rank(), product.columns()))
                : new AdapterLayer(product.rows(), product.columns(), product.rank(), product.v(), product.u());
    }

    private static float[] transposed(float[] matrix, int rows, int columns) {
        float[] transposed = new float[matrix.length];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                transposed[j * rows + i] = matrix[i * columns + j];
            }
        }
        return transposed;
    }

    /**
     * Writes an adapter, as PEFT's {@code save_pretrained} leaves it.
     *
     * @param layers by the name of the module
     * @param baseName what the config calls the base; null for nothing
     */
    static void write(Map<String, AdapterLayer> layers, @Nullable String baseName, Path target) throws IOException {
        SafetensorsWriter writer = new SafetensorsWriter().metadata(Map.of("format", "pt"));
        layers.forEach((module, layer) -> {
            long rank = layer.rank();
            writer.tensor(
                    PREFIX + module + ".lora_A.weight",
                    ElementType.FLOAT,
                    List.of(rank, (long) layer.in()),
                    out -> write(layer.a(), out));
            writer.tensor(
                    PREFIX + module + ".lora_B.weight",
                    ElementType.FLOAT,
                    List.of((long) layer.out(), rank),
                    out -> write(layer.b(), out));
        });
        Path file = target.resolve(WEIGHTS);
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 16)) {
            writer.writeTo(out);
        }
        FileTree.force(file);
        JSON.writerWithDefaultPrettyPrinter().writeValue(target.resolve(CONFIG).toFile(), config(layers, baseName));
    }

    private static void write(float[] values, OutputStream out) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        out.write(bytes.array());
    }

    private static ObjectNode config(Map<String, AdapterLayer> layers, @Nullable String baseName) {
        int rank = layers.values().stream().mapToInt(AdapterLayer::rank).max().orElse(0);
        ObjectNode config = JSON.createObjectNode();
        config.put("peft_type", "LORA");
        config.put("base_model_name_or_path", baseName);
        config.put("r", rank);
        config.put("lora_alpha", rank);
        config.put("lora_dropout", 0.0);
        config.put("bias", "none");
        config.put("fan_in_fan_out", false);
        config.put("use_rslora", false);
        config.put("use_dora", false);
        config.put("inference_mode", true);
        config.putNull("modules_to_save");
        config.putNull("task_type");
        layers.keySet().forEach(config.putArray("target_modules")::add);
        ObjectNode ranks = config.putObject("rank_pattern");
        ObjectNode alphas = config.putObject("alpha_pattern");
        layers.forEach((module, layer) -> {
            if (layer.rank() != rank) {
                ranks.put(module, layer.rank());
                alphas.put(module, layer.rank());
            }
        });
        return config;
    }
}
