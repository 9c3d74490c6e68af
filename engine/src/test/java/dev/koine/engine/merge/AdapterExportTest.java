package dev.koine.engine.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.engine.export.AdapterExport;
import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.linalg.LowRank;
import dev.koine.engine.merge.method.TaskArithmetic;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.recipe.Scale;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.safetensors.Safetensors;
import dev.koine.engine.taskvector.LorsBlock;
import dev.koine.engine.taskvector.Precision;
import dev.koine.engine.taskvector.TaskVectorFile;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class AdapterExportTest {
    private static final Recipe LORS = new Recipe(2, 0.3, 0.4, Precision.FLOAT32, List.of());
    private static final Recipe WHOLE = LORS.with(new TaskArithmetic()).with(Scale.fixed(1));
    private static final String PREFIX = "base_model.model.model.";

    /** The factors of the kept task vector, the other way around as the checkpoint has its matrices. */
    @Property(tries = 20)
    void theFactorsOfATaskVectorBecomeThoseOfTheAdapter(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        TestModel base = TestModel.random(random, 3 + random.nextInt(8), 3 + random.nextInt(14), 2, ElementType.FLOAT);
        try (MergeLab lab = new MergeLab(base, LORS)) {
            MappedBase mapped = mapped(lab, base);
            List<Path> pieces = taskVector(lab, base.plus(() -> random.nextGaussian() * 0.01));
            Path out = Files.createDirectory(lab.directory.resolve("adapter"));
            AdapterExport.Written written =
                    new AdapterExport(mapped, "me/base", lab.pool, Progress.NONE).write(pieces, out);

            Map<String, float[]> products = products(out);
            Map<String, LorsBlock> blocks = blocks(pieces);
            assertThat(written.layers()).isEqualTo(products.size());
            assertThat(written.rank()).isEqualTo(2);
            for (Map.Entry<String, LorsBlock> entry : blocks.entrySet()) {
                String name = entry.getKey().replaceFirst(".*\\.onnx/", "");
                LowRank factors = entry.getValue().lowRank();
                float[] product = MergeLab.weight(products, name);
                float[] expected = new float[factors.rows() * factors.columns()];
                for (int i = 0; i < factors.rows(); i++) {
                    for (int j = 0; j < factors.columns(); j++) {
                        double sum = 0;
                        for (int k = 0; k < factors.rank(); k++) {
                            sum += (double) factors.u()[i * factors.rank() + k]
                                    * factors.v()[k * factors.columns() + j];
                        }
                        expected[j * factors.rows() + i] = (float) sum;
                    }
                }
                assertThat(product).containsExactly(expected, within(1e-7f));
            }
            assertThat(written.leftOutShare()).isBetween(0.0, 1.0);
            assertThat(written.leftOut().stream()
                            .mapToDouble(AdapterExport.Part::share)
                            .sum())
                    .isCloseTo(written.leftOutShare(), within(1e-12));
        }
    }

    /** What comes in as an adapter goes out as one: nothing is left out but what was never low-rank. */
    @Test
    void anAdaptersVersionGoesOutAsAnAdapterThatGivesItAgain() throws Exception {
        Random random = new Random(7);
        TestModel base = TestModel.random(random, 9, 14, 2, ElementType.FLOAT);
        try (MergeLab lab = new MergeLab(base, WHOLE)) {
            MappedBase mapped = mapped(lab, base);
            Path in = TestAdapter.random(base, random).write(lab.directory.resolve("in"));
            Path version = merge(lab, mapped, in);
            Path out = Files.createDirectory(lab.directory.resolve("out"));
            AdapterExport.Written written = new AdapterExport(mapped, null, lab.pool, Progress.NONE)
                    .write(ModelBundle.open(version), 3, Lanczos::truncate, out);
            assertThat(written.layers()).isEqualTo(8);
            assertThat(share(written, "matrices that it has")).isLessThan(1e-9);
            assertThat(share(written, "embeddings")).isPositive();
            assertThat(share(written, "vectors")).isPositive();
            assertThat(written.leftOutShare()).isLessThan(1);
            Path again = merge(lab, mapped, out);
            Map<String, float[]> expected = MergeLab.values(version);
            MergeLab.values(again).forEach((key, values) -> {
                if (TestCheckpoint.isLinear(key)) {
                    assertThat(values).as(key).containsExactly(MergeLab.weight(expected, key), within(1e-6f));
                }
            });
        }
    }

    @Test
    void theConfigSaysWhatPeftReads() throws Exception {
        TestModel base = TestModel.random(new Random(3), 8, 12, 1, ElementType.FLOAT);
        try (MergeLab lab = new MergeLab(base, LORS)) {
            Random random = new Random(5);
            float[] thin = base.tensor("encoder.0.up").values().clone();
            for (int i = 0; i < thin.length; i++) {
                thin[i] += 0.01f * (1 + i % 12);
            }
            TestModel expert = base.plus(() -> random.nextGaussian() * 0.01).with("encoder.0.up", thin);
            Path out = Files.createDirectory(lab.directory.resolve("adapter"));
            new AdapterExport(mapped(lab, base), "me/base", lab.pool, Progress.NONE)
                    .write(taskVector(lab, expert), out);
            JsonNode config =
                    new JsonMapper().readTree(out.resolve("adapter_config.json").toFile());
            assertThat(config.path("peft_type").asText()).isEqualTo("LORA");
            assertThat(config.path("base_model_name_or_path").asText()).isEqualTo("me/base");
            assertThat(config.path("r").asInt()).isEqualTo(2);
            assertThat(config.path("lora_alpha").asInt()).isEqualTo(2);
            assertThat(config.path("target_modules").toString())
                    .isEqualTo(
                            "[\"model.decoder.0.down\",\"model.decoder.0.up\",\"model.encoder.0.down\",\"model.encoder.0.up\"]");
            assertThat(config.path("rank_pattern").toString()).isEqualTo("{\"model.encoder.0.up\":1}");
            assertThat(config.path("alpha_pattern").toString()).isEqualTo("{\"model.encoder.0.up\":1}");
        }
    }

    /** A combination's factors multiply its parts', which stand side by side. */
    @Test
    void aCombinationIsTheSumOfItsParts() throws Exception {
        TestModel base = TestModel.random(new Random(3), 8, 12, 1, ElementType.FLOAT);
        try (MergeLab lab = new MergeLab(base, LORS)) {
            Random random = new Random(5);
            Member one = lab.prune(lab.write(base.plus(() -> random.nextGaussian() * 0.01)), 1);
            Member two = lab.prune(lab.write(base.plus(() -> random.nextGaussian() * 0.01)), 1);
            TaskVector first = TaskVector.get(lab.store, one.taskVector());
            TaskVector second = TaskVector.get(lab.store, two.taskVector());
            String sum = TaskVector.combined(List.of(new TaskVector.Term(first, 0.5), new TaskVector.Term(second, -2)))
                    .put(lab.store);
            Path ofFirst = adapter(lab, base, one.taskVector());
            Path ofSecond = adapter(lab, base, two.taskVector());
            Map<String, float[]> left = products(ofFirst);
            Map<String, float[]> right = products(ofSecond);
            products(adapter(lab, base, sum)).forEach((name, product) -> {
                float[] a = MergeLab.weight(left, name);
                float[] b = MergeLab.weight(right, name);
                for (int i = 0; i < product.length; i++) {
                    assertThat(product[i]).isCloseTo((float) (0.5 * a[i] - 2.0 * b[i]), within(1e-6f));
                }
            });
        }
    }

    @Test
    void whatHoldsNothingOfLowRankIsRefused() throws Exception {
        TestModel base = TestModel.random(new Random(3), 8, 12, 1, ElementType.FLOAT);
        try (MergeLab lab = new MergeLab(base, WHOLE)) {
            Random random = new Random(5);
            List<Path> pieces = taskVector(lab, base.plus(() -> random.nextGaussian() * 0.01));
            MappedBase mapped = mapped(lab, base);
            assertThatThrownBy(() -> new AdapterExport(mapped, null, lab.pool, Progress.NONE)
                            .write(pieces, Files.createTempDirectory(lab.directory, "out")))
                    .isInstanceOfSatisfying(RejectedException.class, e -> assertThat(e.code())
                            .isEqualTo(RejectionCode.UNSUPPORTED_ADAPTER))
                    .hasMessageContaining("nothing of low rank");
            TestModel other = TestModel.random(new Random(3), 8, 12, 2, ElementType.FLOAT);
            try (MergeLab elsewhere = new MergeLab(other, LORS)) {
                List<Path> foreign = taskVector(elsewhere, other.plus(() -> random.nextGaussian() * 0.01));
                assertThatThrownBy(() -> new AdapterExport(mapped, null, lab.pool, Progress.NONE)
                                .write(foreign, Files.createTempDirectory(lab.directory, "out")))
                        .hasMessageContaining("which this base does not have");
            }
        }
    }

    private static double share(AdapterExport.Written written, String reason) {
        return written.leftOut().stream()
                .filter(part -> part.reason().contains(reason))
                .mapToDouble(AdapterExport.Part::share)
                .sum();
    }

    private static Path adapter(MergeLab lab, TestModel base, String digest) throws Exception {
        Path out = Files.createTempDirectory(lab.directory, "adapter");
        new AdapterExport(mapped(lab, base), null, lab.pool, Progress.NONE).write(lab.store, digest, out);
        return out;
    }

    private static MappedBase mapped(MergeLab lab, TestModel base) throws Exception {
        Path checkpoint = Files.createTempDirectory(lab.directory, "checkpoint");
        return CheckpointMergeTest.mapped(lab, TestCheckpoint.write(base, checkpoint));
    }

    private static Path merge(MergeLab lab, MappedBase mapped, Path expert) throws Exception {
        Path target = Files.createTempDirectory(lab.directory, "merged");
        CheckpointMergeTest.offline(lab, mapped).merge(List.of(CheckpointMergeTest.expert(expert, 1)), target);
        return target;
    }

    private static List<Path> taskVector(MergeLab lab, TestModel expert) throws Exception {
        Member member = lab.prune(lab.write(expert), 1);
        List<Path> pieces = new ArrayList<>();
        for (String piece : TaskVector.get(lab.store, member.taskVector()).pieces()) {
            pieces.add(lab.store.get(piece));
        }
        return pieces;
    }

    private static Map<String, LorsBlock> blocks(List<Path> pieces) throws Exception {
        Map<String, LorsBlock> blocks = new HashMap<>();
        for (Path piece : pieces) {
            try (TaskVectorFile file = TaskVectorFile.open(piece)) {
                for (TaskVectorFile.Entry entry : file.blocks()) {
                    if (file.read(entry) instanceof LorsBlock block
                            && block.lowRank().rank() > 0) {
                        blocks.put(entry.weights().get(0), block);
                    }
                }
            }
        }
        return blocks;
    }

    /** B times A of each module, by the name of the test model's tensor. */
    private static Map<String, float[]> products(Path adapter) throws Exception {
        Map<String, float[]> products = new HashMap<>();
        try (Safetensors file = Safetensors.open(adapter.resolve("adapter_model.safetensors"))) {
            for (TensorInfo a : file.entries().values()) {
                if (a.name().endsWith(".lora_A.weight")) {
                    String module = a.name().substring(0, a.name().length() - ".lora_A.weight".length());
                    TensorInfo b = file.entry(module + ".lora_B.weight").orElseThrow();
                    products.put(module.substring(PREFIX.length()), product(read(file, b), read(file, a), b, a));
                }
            }
        }
        return products;
    }

    private static float[] read(Safetensors file, TensorInfo tensor) throws IOException {
        float[] values = new float[(int) tensor.numel()];
        file.read(tensor, 0, values.length, values, 0);
        return values;
    }

    private static float[] product(float[] b, float[] a, TensorInfo left, TensorInfo right) {
        int rows = Math.toIntExact(left.shape().get(0));
        int rank = Math.toIntExact(left.shape().get(1));
        int columns = Math.toIntExact(right.shape().get(1));
        float[] product = new float[rows * columns];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                double sum = 0;
                for (int k = 0; k < rank; k++) {
                    sum += (double) b[i * rank + k] * a[k * columns + j];
                }
                product[i * columns + j] = (float) sum;
            }
        }
        return product;
    }
}
