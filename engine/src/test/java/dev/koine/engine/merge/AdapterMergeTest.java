package dev.koine.engine.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.checkpoint.ExpertFolder;
import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.engine.merge.TestModel.Tensor;
import dev.koine.engine.merge.method.TaskArithmetic;
import dev.koine.engine.merge.prune.PrunePlan;
import dev.koine.engine.merge.prune.PruneTask;
import dev.koine.engine.merge.prune.TensorPruner;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.recipe.Scale;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.taskvector.Precision;
import dev.koine.engine.tensor.ElementType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AdapterMergeTest {
    private static final Recipe WHOLE = new Recipe(2, 0.3, 0.4, Precision.FLOAT32, List.of())
            .with(new TaskArithmetic())
            .with(Scale.fixed(0.7));
    private static final Recipe LORS = new Recipe(2, 0.3, 0.4, Precision.FLOAT32, List.of());

    private final List<MergeLab> labs = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (MergeLab lab : labs) {
            lab.close();
        }
    }

    @Property(tries = 25)
    void anAdapterGivesWhatMergingItIntoItsBaseGives(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        TestModel base = TestModel.random(random, 3 + random.nextInt(8), 3 + random.nextInt(14), 2, ElementType.FLOAT);
        TestAdapter adapter = TestAdapter.random(base, random);
        try (MergeLab lab = new MergeLab(base, WHOLE)) {
            MappedBase mapped = mapped(lab, base);
            Path ofAdapter = merge(lab, mapped, adapter.write(lab.directory.resolve("adapter")));
            Path ofMerged =
                    merge(lab, mapped, TestCheckpoint.write(adapter.merged, lab.directory.resolve("merged-adapter")));
            Map<String, float[]> expected = MergeLab.values(ofMerged);
            MergeLab.values(ofAdapter).forEach((key, values) -> {
                float[] others = MergeLab.weight(expected, key);
                for (int i = 0; i < values.length; i++) {
                    assertThat(values[i] == others[i] || Math.abs(values[i] - others[i]) <= 1e-6)
                            .as("%s[%d]: %s and %s", key, i, values[i], others[i])
                            .isTrue();
                }
            });
        }
    }

    @Property(tries = 15)
    void piecesOfAnAdapterGiveTheVersionOfTheOfflineMerge(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        TestModel base = TestModel.random(random);
        Precision precision = Precision.values()[random.nextInt(Precision.values().length)];
        Recipe recipe = (random.nextBoolean() ? LORS : WHOLE).with(precision);
        try (MergeLab lab = new MergeLab(base, recipe)) {
            MappedBase mapped = mapped(lab, base);
            Path adapter = TestAdapter.random(base, random).write(lab.directory.resolve("adapter"));
            List<String> pieces = new ArrayList<>();
            for (PruneTask task : PrunePlan.of(
                    ExpertFolder.open(adapter).align(lab.base, mapped).weights(), recipe)) {
                pieces.add(new TensorPruner(recipe).prune(task, lab.store));
            }
            Member member = new Member(new TaskVector(lab.baseDigest, "", pieces).put(lab.store), 1);
            try (RunningModel model = lab.open()) {
                model.add(member);
                assertThat(lab.digest(model))
                        .isEqualTo(Bundle.describe(merge(lab, mapped, adapter)).digest());
                model.subtract(member);
                assertThat(lab.digest(model)).isEqualTo(lab.baseDigest);
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            "peft_type": "LOHA"                                  | LOHA
            "peft_type": "LORA", "use_dora": true                | DoRA
            "peft_type": "LORA", "use_qalora": true              | QALoRA
            "peft_type": "LORA", "lora_bias": true               | biases in its factors
            "peft_type": "LORA", "init_lora_weights": "pissa_niter_4" | pissa_niter_4
            "peft_type": "LORA", "layer_replication": [[0, 2]]   | replicates layers
            "peft_type": "LORA", "trainable_token_indices": [7]  | single tokens
            "peft_type": "LORA", "use_something_new": 3          | use_something_new
            "peft_type": "LORA", "lora_alpha": "much"            | no number for lora_alpha
            "peft_type": "LORA", "alpha_pattern": {"(": 2}       | no pattern
            "peft_type": "LORA", "alpha_pattern": {"((m|o|d|e|l|.)+)+!": 2} | takes too long
            """)
    void anAdapterOfAnotherArithmeticIsRefusedByName(String settings, String named) throws Exception {
        String config = "{\"r\": 1, " + (settings.contains("lora_alpha") ? "" : "\"lora_alpha\": 2, ") + settings + "}";
        assertRefused(
                TestAdapter.write(folder(), config, factors("encoder.0.up", 8, 12)),
                RejectionCode.UNSUPPORTED_ADAPTER,
                named);
    }

    @Test
    void anAdapterOfAnotherBaseIsRefusedInWords() throws Exception {
        String config =
                "{\"peft_type\": \"LORA\", \"r\": 1, \"lora_alpha\": 2, \"base_model_name_or_path\": \"some/whisper-small\"}";
        assertRefused(
                TestAdapter.write(folder(), config, factors("encoder.0.up", 9, 12)),
                RejectionCode.TENSOR_MISMATCH,
                "some/whisper-small");
        assertRefused(
                TestAdapter.write(folder(), config, factors("encoder.7.up", 8, 12)),
                RejectionCode.CHECKPOINT_MISMATCH,
                "has no such tensor");
    }

    @Test
    void tensorsThatNoLoraHasAreRefusedByName() throws Exception {
        String config = "{\"peft_type\": \"LORA\", \"r\": 1, \"lora_alpha\": 2}";
        Map<String, Tensor> magnitude = factors("encoder.0.up", 8, 12);
        magnitude.put(
                "base_model.model.model.encoder.0.up.lora_magnitude_vector",
                new Tensor(ElementType.FLOAT, List.of(12L), false, new float[12]));
        assertRefused(TestAdapter.write(folder(), config, magnitude), RejectionCode.UNSUPPORTED_ADAPTER, "DoRA");
        Map<String, Tensor> half = factors("encoder.0.up", 8, 12);
        half.remove("base_model.model.model.encoder.0.up.lora_A.weight");
        assertRefused(
                TestAdapter.write(folder(), config, half),
                RejectionCode.UNSUPPORTED_ADAPTER,
                "only one of the factors");
        Map<String, Tensor> foreign = Map.of(
                "encoder.0.up.lora_A.weight", new Tensor(ElementType.FLOAT, List.of(1L, 8L), false, new float[8]));
        assertRefused(
                TestAdapter.write(folder(), config, foreign), RejectionCode.UNSUPPORTED_ADAPTER, "base_model.model.");
    }

    @Test
    void anAdapterThatWasNeverTrainedChangesNothing() throws Exception {
        String config = "{\"peft_type\": \"LORA\", \"r\": 1, \"lora_alpha\": 2}";
        Map<String, Tensor> untrained = factors("encoder.0.up", 8, 12);
        untrained.replaceAll(
                (name, tensor) -> name.contains("lora_B") ? tensor.with(new float[tensor.numel()]) : tensor);
        assertRefused(TestAdapter.write(folder(), config, untrained), RejectionCode.UNCHANGED, "base's");
    }

    @Test
    void aPickledAdapterIsNeverOpened() throws Exception {
        Path adapter = TestAdapter.write(
                folder(), "{\"peft_type\": \"LORA\", \"r\": 1, \"lora_alpha\": 2}", factors("encoder.0.up", 8, 12));
        Files.move(adapter.resolve("adapter_model.safetensors"), adapter.resolve("adapter_model.bin"));
        assertRefused(adapter, RejectionCode.NOT_SAFETENSORS, "pickled");
    }

    private Path folder() throws Exception {
        return Files.createTempDirectory(lab().directory, "adapter");
    }

    private MergeLab lab() throws Exception {
        if (labs.isEmpty()) {
            labs.add(new MergeLab(base(), LORS));
        }
        return labs.get(0);
    }

    private static TestModel base() {
        return TestModel.random(new Random(3), 8, 12, 1, ElementType.FLOAT);
    }

    private static Map<String, Tensor> factors(String module, int in, int out) {
        Map<String, Tensor> factors = new LinkedHashMap<>();
        String name = "base_model.model.model." + module;
        float[] a = new float[in];
        float[] b = new float[out];
        a[0] = 1;
        b[0] = 1;
        factors.put(name + ".lora_A.weight", new Tensor(ElementType.FLOAT, List.of(1L, (long) in), false, a));
        factors.put(name + ".lora_B.weight", new Tensor(ElementType.FLOAT, List.of((long) out, 1L), false, b));
        return factors;
    }

    private void assertRefused(Path adapter, RejectionCode code, String named) throws Exception {
        MappedBase mapped = mapped(lab(), base());
        assertThatThrownBy(() -> merge(lab(), mapped, adapter))
                .isInstanceOfSatisfying(RejectedException.class, refusal -> assertThat(refusal.code())
                        .isEqualTo(code))
                .hasMessageContaining(named);
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
}
