package dev.koine.engine.merge;

import dev.koine.engine.merge.TestModel.Tensor;
import dev.koine.engine.tensor.ElementType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A LoRA adapter of a {@link TestModel} as PEFT writes it, and the model that merging it into the base gives. */
final class TestAdapter {
    private static final String PREFIX = "base_model.model.";

    final Map<String, Tensor> tensors = new LinkedHashMap<>();
    final TestModel merged;
    private final String config;

    private TestAdapter(String config, Map<String, Tensor> tensors, TestModel merged) {
        this.config = config;
        this.tensors.putAll(tensors);
        this.merged = merged;
    }

    /** An adapter of some weights of each kind, with ranks and alphas of their own, and a bias and a gain of its own. */
    static TestAdapter random(TestModel base, Random random) {
        boolean isRankStabilized = random.nextBoolean();
        double alpha = 1 + random.nextInt(16);
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        Map<String, float[]> changed = new LinkedHashMap<>();
        List<String> alphas = new ArrayList<>();
        base.tensors().forEach((name, tensor) -> {
            boolean isEmbedding = name.equals("embed");
            if (TestCheckpoint.isLinear(name) || isEmbedding || name.equals("conv")) {
                int rank = 1 + random.nextInt(3);
                boolean isOwn = random.nextInt(3) == 0;
                double own = isOwn ? 1 + random.nextInt(32) : alpha;
                String module = "model." + name;
                if (isOwn) {
                    alphas.add("\"" + (random.nextBoolean() ? module : name.replace(".", "\\\\.")) + "\": " + own);
                }
                double scale = isRankStabilized ? own / Math.sqrt(rank) : own / rank;
                changed.put(name, delta(tensors, name, tensor, rank, scale, random));
            } else if (name.equals("gain") || name.equals("conv.bias")) {
                float[] values = tensor.values().clone();
                values[0] += 0.01f;
                changed.put(name, values);
                String saved = TestCheckpoint.name(name).replace("conv.bias", "conv.base_layer.bias");
                tensors.put(PREFIX + saved, tensor.with(values));
            }
        });
        String config =
                "{\"peft_type\": \"LORA\", \"r\": 8, \"lora_alpha\": " + alpha + ", \"use_rslora\": " + isRankStabilized
                        + ", \"alpha_pattern\": {" + String.join(", ", alphas)
                        + "}, \"use_dora\": false, \"lora_dropout\": 0.05,"
                        + " \"target_modules\": [\"up\", \"down\"], \"base_model_name_or_path\": \"some/base\", \"layers_pattern\": null}";
        return new TestAdapter(
                config, tensors, base.map((name, tensor) -> changed.getOrDefault(name, tensor.values())));
    }

    /** Adds the factors of a delta, and returns base plus delta, computed in double. */
    private static float[] delta(
            Map<String, Tensor> tensors, String name, Tensor tensor, int rank, double scale, Random random) {
        int rows = Math.toIntExact(tensor.shape().get(0));
        int columns = tensor.numel() / rows;
        boolean isTransposed = !name.equals("conv");
        int m = isTransposed ? columns : rows;
        int n = isTransposed ? rows : columns;
        float[] b = gaussian(random, m * rank, 0.01);
        float[] a = gaussian(random, rank * n, 0.3);
        List<Long> left = List.of((long) m, (long) rank);
        List<Long> right = List.of((long) rank, (long) n);
        if (name.equals("embed")) {
            tensors.put(PREFIX + "model.embed.lora_embedding_A", floats(right, a));
            tensors.put(PREFIX + "model.embed.lora_embedding_B", floats(left, b));
        } else {
            boolean isConvolution = name.equals("conv");
            List<Long> kernel = List.of(
                    (long) rank,
                    tensor.shape().get(1),
                    tensor.shape().get(tensor.shape().size() - 1));
            tensors.put(PREFIX + "model." + name + ".lora_A.weight", floats(isConvolution ? kernel : right, a));
            tensors.put(
                    PREFIX + "model." + name + ".lora_B.weight",
                    floats(isConvolution ? List.of((long) m, (long) rank, 1L) : left, b));
        }
        float[] values = tensor.values().clone();
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                double sum = 0;
                for (int k = 0; k < rank; k++) {
                    sum += (double) b[(isTransposed ? j : i) * rank + k] * a[k * n + (isTransposed ? i : j)];
                }
                values[i * columns + j] = (float) (values[i * columns + j] + scale * sum);
            }
        }
        return values;
    }

    private static Tensor floats(List<Long> shape, float[] values) {
        return new Tensor(ElementType.FLOAT, shape, false, values);
    }

    private static float[] gaussian(Random random, int count, double size) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (random.nextGaussian() * size);
        }
        return values;
    }

    Path write(Path directory) throws IOException {
        return write(directory, config, tensors);
    }

    static Path write(Path directory, String config, Map<String, Tensor> tensors) throws IOException {
        Files.createDirectories(directory);
        Files.writeString(directory.resolve("adapter_config.json"), config);
        TestCheckpoint.write(directory.resolve("adapter_model.safetensors"), tensors);
        return directory;
    }
}
