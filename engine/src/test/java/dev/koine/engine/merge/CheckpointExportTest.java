package dev.koine.engine.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.checkpoint.Checkpoint;
import dev.koine.engine.checkpoint.ExpertFolder;
import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.engine.export.CheckpointExport;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.recipe.Scale;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.taskvector.Precision;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.FloatEncoding;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.TensorReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.BiConsumer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class CheckpointExportTest {
    private static final Recipe LORS = new Recipe(2, 0.3, 0.4, Precision.FLOAT32, List.of());

    @Property(tries = 25)
    void theBaseComesOutAsItsCheckpointBitForBit(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        TestModel base = TestModel.random(random);
        try (MergeLab lab = new MergeLab(base, LORS)) {
            MappedBase mapped = CheckpointMergeTest.mapped(
                    lab, TestCheckpoint.writeShards(base, lab.directory.resolve("checkpoint"), random));
            Path out = Files.createDirectory(lab.directory.resolve("out"));
            CheckpointExport.Written written = export(mapped, lab.basePlace, out, 1 + random.nextInt(4000));
            assertThat(written.changed()).isZero();
            Checkpoint exported = open(out);
            assertThat(exported.tensors().keySet())
                    .isEqualTo(mapped.checkpoint().tensors().keySet());
            assertThat(written.tensors()).isEqualTo(exported.tensors().size());
            for (TensorInfo tensor : mapped.checkpoint().tensors().values()) {
                TensorInfo other = tensor(exported, tensor.name());
                assertThat(other.type()).isEqualTo(tensor.type());
                assertThat(other.shape()).isEqualTo(tensor.shape());
                assertThat(bytes(other)).as(tensor.name()).isEqualTo(bytes(tensor));
            }
        }
    }

    /** Cast to the export's types, what comes out is what the version has; and where nothing changed, it is the checkpoint's own bits. */
    @Property(tries = 25)
    void aVersionComesOutWithItsOwnValues(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        TestModel base = TestModel.random(random);
        try (MergeLab lab = new MergeLab(base, LORS.with(Scale.fixed(0.5)))) {
            MappedBase mapped = CheckpointMergeTest.mapped(
                    lab, TestCheckpoint.writeShards(base, lab.directory.resolve("checkpoint"), random));
            Path merged = lab.merge(List.of(new OfflineMerge.Expert(lab.write(tied(base, random)), 1)));
            Path out = Files.createDirectory(lab.directory.resolve("out"));
            CheckpointExport.Written written = export(mapped, merged, out, CheckpointExport.SHARD_BYTES);
            assertThat(written.files()).containsExactly("model.safetensors");
            assertThat(written.changed()).isPositive();

            Checkpoint exported = open(out);
            Map<String, float[]> before = MergeLab.values(lab.basePlace);
            Map<String, float[]> after = MergeLab.values(merged);
            forEachWeight(base, (name, key) -> {
                float[] own = read(tensor(mapped.checkpoint(), TestCheckpoint.name(name)));
                float[] found = read(tensor(exported, TestCheckpoint.name(name)));
                float[] ours = inCheckpoint(base, name, MergeLab.weight(before, key));
                float[] theirs = inCheckpoint(base, name, MergeLab.weight(after, key));
                ElementType type = tensor(exported, TestCheckpoint.name(name)).type();
                for (int i = 0; i < found.length; i++) {
                    boolean isSame = Float.floatToRawIntBits(ours[i]) == Float.floatToRawIntBits(theirs[i]);
                    float expected = isSame ? own[i] : FloatEncoding.rounded(type, theirs[i]);
                    assertThat(Float.floatToRawIntBits(found[i]))
                            .as("%s[%d]", name, i)
                            .isEqualTo(Float.floatToRawIntBits(expected));
                }
            });
        }
    }

    /** The export is an expert that stands where the version stands: merged whole at scale 1, it gives its bytes. */
    @Test
    void whatCameOutGivesTheVersionWhenItIsMerged() throws Exception {
        Random random = new Random(4);
        TestModel base = TestModel.random(random, 8, 12, 2, ElementType.FLOAT);
        try (MergeLab lab = new MergeLab(base, LORS.with(Scale.fixed(0.5)))) {
            MappedBase mapped =
                    CheckpointMergeTest.mapped(lab, TestCheckpoint.write(base, lab.directory.resolve("checkpoint")));
            Path merged = lab.merge(List.of(new OfflineMerge.Expert(lab.write(tied(base, random)), 1)));
            Path out = Files.createDirectory(lab.directory.resolve("out"));
            export(mapped, merged, out, 500);
            MappedBase again = MappedBase.map(ModelBundle.open(merged), ExpertFolder.open(out), lab.pool);
            assertThat(again.map().unmapped()).isEmpty();
            assertThat(again.map().weights()).hasSameSizeAs(mapped.map().weights());
        }
    }

    @Test
    void aNarrowCheckpointHoldsTheVersionRoundedOnce() throws Exception {
        Random random = new Random(9);
        TestModel narrow = TestModel.random(random, 8, 12, 1, ElementType.BFLOAT16);
        Map<String, TestModel.Tensor> widened = new LinkedHashMap<>();
        TestModel base = narrow;
        for (String name : narrow.tensors().keySet()) {
            if (narrow.tensor(name).type() == ElementType.BFLOAT16) {
                widened.put(
                        name,
                        new TestModel.Tensor(
                                ElementType.FLOAT,
                                narrow.tensor(name).shape(),
                                false,
                                narrow.tensor(name).values()));
            }
        }
        base = base.replaced(widened);
        try (MergeLab lab = new MergeLab(base, LORS.with(Scale.fixed(0.5)))) {
            MappedBase mapped =
                    CheckpointMergeTest.mapped(lab, TestCheckpoint.write(narrow, lab.directory.resolve("checkpoint")));
            Path merged = lab.merge(List.of(new OfflineMerge.Expert(lab.write(tied(base, random)), 1)));
            Path out = Files.createDirectory(lab.directory.resolve("out"));
            export(mapped, merged, out, CheckpointExport.SHARD_BYTES);
            float[] found = read(tensor(open(out), "model.encoder.0.up.weight"));
            float[] expected = inCheckpoint(
                    base, "encoder.0.up", MergeLab.weight(MergeLab.values(merged), "encoder.onnx/encoder.0.up"));
            for (int i = 0; i < found.length; i++) {
                assertThat(found[i]).isEqualTo(FloatEncoding.rounded(ElementType.BFLOAT16, expected[i]));
            }
        }
    }

    @Test
    void everySideFileComesAlongAndNoWeightsOfTheBase() throws Exception {
        TestModel base = TestModel.random(new Random(1), 8, 12, 1, ElementType.FLOAT);
        try (MergeLab lab = new MergeLab(base, LORS)) {
            Path checkpoint = TestCheckpoint.write(base, lab.directory.resolve("checkpoint"));
            Files.writeString(checkpoint.resolve("generation_config.json"), "{}");
            Files.createDirectories(checkpoint.resolve("nested"));
            Files.writeString(checkpoint.resolve("nested/vocab.json"), "[]");
            Files.writeString(checkpoint.resolve("spiece.model"), "pieces");
            Files.writeString(checkpoint.resolve("pytorch_model.bin"), "pickle");
            Files.createDirectories(checkpoint.resolve("checkpoint-10"));
            Files.writeString(checkpoint.resolve("checkpoint-10/trainer_state.json"), "{}");
            Path out = Files.createDirectory(lab.directory.resolve("out"));
            CheckpointExport.Written written = export(
                    CheckpointMergeTest.mapped(lab, checkpoint), lab.basePlace, out, CheckpointExport.SHARD_BYTES);
            assertThat(ExpertFolder.open(out).files())
                    .containsExactly(
                            "generation_config.json", "model.safetensors", "nested/vocab.json", "spiece.model");
            assertThat(written.leftOut())
                    .containsExactly("checkpoint-10/trainer_state.json", "model.safetensors", "pytorch_model.bin");
        }
    }

    @Test
    void whatACheckpointCannotSayIsRefused() throws Exception {
        TestModel base = TestModel.random(new Random(2), 8, 12, 1, ElementType.FLOAT);
        try (MergeLab lab = new MergeLab(base, LORS)) {
            MappedBase mapped =
                    CheckpointMergeTest.mapped(lab, TestCheckpoint.write(base, lab.directory.resolve("checkpoint")));
            float[] mask = base.tensor("mask").values().clone();
            mask[1] = 2;
            assertRefused(
                    mapped,
                    lab.write(base.with("mask", mask)),
                    RejectionCode.CHECKPOINT_MISMATCH,
                    "changes the weight 'encoder.onnx/mask'");
            assertRefused(
                    mapped,
                    lab.write(TestModel.random(new Random(2), 7, 12, 1, ElementType.FLOAT)),
                    RejectionCode.GRAPH_MISMATCH,
                    "holds no version of this base");
            Path untied = lab.write(base);
            float[] embedding = base.tensor("embed").values().clone();
            embedding[3] += 1;
            Path other = lab.write(base.with("embed", embedding));
            Files.copy(
                    other.resolve("decoder.onnx"),
                    untied.resolve("decoder.onnx"),
                    java.nio.file.StandardCopyOption.REPLACE_EXISTING);
            assertRefused(mapped, untied, RejectionCode.GRAPH_MISMATCH, "in the base both are the checkpoint's tensor");
        }
    }

    @Test
    void aValueThatTheCheckpointsTypeCannotHoldIsRefused() throws Exception {
        TestModel narrow = TestModel.random(new Random(9), 8, 12, 1, ElementType.FLOAT16);
        Map<String, TestModel.Tensor> widened = new LinkedHashMap<>();
        for (String name : narrow.tensors().keySet()) {
            widened.put(
                    name,
                    new TestModel.Tensor(
                            ElementType.FLOAT,
                            narrow.tensor(name).shape(),
                            false,
                            narrow.tensor(name).values()));
        }
        TestModel base = narrow.replaced(widened);
        try (MergeLab lab = new MergeLab(base, LORS)) {
            MappedBase mapped =
                    CheckpointMergeTest.mapped(lab, TestCheckpoint.write(narrow, lab.directory.resolve("checkpoint")));
            float[] bias = base.tensor("encoder.0.up.bias").values().clone();
            bias[5] = 70000;
            assertRefused(
                    mapped,
                    lab.write(base.with("encoder.0.up.bias", bias)),
                    RejectionCode.NON_FINITE,
                    "element 5 of the checkpoint's 'model.encoder.0.up.bias', and FLOAT16 holds no such number");
        }
    }

    private static void assertRefused(MappedBase mapped, Path version, RejectionCode code, String named)
            throws IOException {
        Path out = Files.createTempDirectory(version.getParent(), "out");
        assertThatThrownBy(() -> export(mapped, version, out, CheckpointExport.SHARD_BYTES))
                .isInstanceOfSatisfying(RejectedException.class, refusal -> assertThat(refusal.code())
                        .isEqualTo(code))
                .hasMessageContaining(named);
    }

    /** A fine-tune of what a checkpoint has. */
    private static TestModel tied(TestModel base, Random random) {
        return base.tuned(random)
                .with("mask", base.tensor("mask").values())
                .with(
                        "gain",
                        base.map((name, tensor) -> {
                                    float[] values = tensor.values().clone();
                                    values[0] += 0.5f;
                                    return values;
                                })
                                .tensor("gain")
                                .values());
    }

    private static CheckpointExport.Written export(MappedBase mapped, Path version, Path out, long shardBytes)
            throws RejectedException, IOException {
        return new CheckpointExport(mapped, shardBytes, Progress.NONE).write(ModelBundle.open(version), out);
    }

    private static Checkpoint open(Path folder) throws RejectedException, IOException {
        return Checkpoint.open(folder, ExpertFolder.open(folder).files());
    }

    private static TensorInfo tensor(Checkpoint checkpoint, String name) {
        return Objects.requireNonNull(checkpoint.tensors().get(name), name);
    }

    private static void forEachWeight(TestModel base, BiConsumer<String, String> each) {
        for (String name : base.tensors().keySet()) {
            if (!name.equals("mask")) {
                boolean isDecoders = name.startsWith("decoder.") || name.equals("embed");
                each.accept(name, (isDecoders ? "decoder.onnx/" : "encoder.onnx/") + name);
            }
        }
    }

    private static float[] inCheckpoint(TestModel base, String name, float[] values) {
        return TestCheckpoint.isLinear(name)
                ? TestModel.transposed(base.tensor(name).with(values)).values()
                : values;
    }

    private static float[] read(TensorInfo tensor) {
        try (TensorReader reader = TensorReader.open(tensor)) {
            float[] values = new float[(int) reader.numel()];
            reader.read(0, values, 0, values.length);
            return values;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] bytes(TensorInfo tensor) throws IOException {
        byte[] file = Files.readAllBytes(tensor.file());
        return Arrays.copyOfRange(file, (int) tensor.offset(), (int) (tensor.offset() + tensor.length()));
    }
}
