package dev.koine.engine.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.merge.prune.PruneItem;
import dev.koine.engine.merge.prune.PrunePlan;
import dev.koine.engine.merge.recipe.PolicyRule;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.onnx.graph.OnnxModel;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.Precision;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OfflineMergeTest {
    private static final Path FIXTURES = Path.of("..", "eval", "fixtures");
    private static final Recipe RECIPE = new Recipe(2, 0.3, 0.4, Precision.FLOAT32, List.of());

    @Property(tries = 12)
    void keepsEverythingOfTheBaseButTheWeights(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        TestModel base = TestModel.random(random);
        try (MergeLab lab = new MergeLab(base, RECIPE)) {
            OfflineMerge.Expert one = new OfflineMerge.Expert(lab.write(base.tuned(random)), 1);
            OfflineMerge.Expert two = new OfflineMerge.Expert(lab.write(base.tuned(random)), 0.5);
            Path merged = lab.merge(List.of(one, two));

            assertThat(ModelBundle.open(merged).files()).isEqualTo(lab.base.files());
            for (String file : lab.base.files()) {
                assertThat(withoutWeights(merged, file, lab.base))
                        .as(file)
                        .isEqualTo(withoutWeights(lab.basePlace, file, lab.base));
            }
            for (OnnxModel model : lab.base.models()) {
                assertThat(withoutRawData(merged.resolve(model.path())))
                        .isEqualTo(withoutRawData(lab.basePlace.resolve(model.path())));
            }
            requireTied(MergeLab.values(merged), lab.base);
            assertThat(digest(lab.merge(List.of(two, one)))).isEqualTo(digest(merged));
        }
    }

    /** A model file as protobuf reads it, its metadata, interface and operator sets included, without the bytes of weights. */
    private static ModelProto withoutRawData(Path file) throws IOException {
        ModelProto.Builder model = ModelProto.parseFrom(Files.readAllBytes(file)).toBuilder();
        assertThat(model.getMetadataPropsCount()).isPositive();
        GraphProto.Builder graph = model.getGraphBuilder();
        graph.getInitializerBuilderList().forEach(TensorProto.Builder::clearRawData);
        for (NodeProto.Builder node : graph.getNodeBuilderList()) {
            for (AttributeProto.Builder attribute : node.getAttributeBuilderList()) {
                if (attribute.hasT()) {
                    attribute.getTBuilder().clearRawData();
                }
            }
        }
        return model.build();
    }

    private static byte[] withoutWeights(Path directory, String file, ModelBundle base) throws IOException {
        byte[] bytes = Files.readAllBytes(directory.resolve(file));
        for (Weight weight : base.weights()) {
            TensorInfo tensor = weight.tensor();
            if (tensor.file().equals(base.directory().resolve(file))) {
                Arrays.fill(bytes, (int) tensor.offset(), (int) (tensor.offset() + tensor.length()), (byte) 0);
            }
        }
        return bytes;
    }

    private static void requireTied(Map<String, float[]> values, ModelBundle base) {
        for (Weight weight : base.weights()) {
            if (weight.key().startsWith(TestModel.DECODERS.get(0))) {
                String tied = weight.key().replace(TestModel.DECODERS.get(0), TestModel.DECODERS.get(1));
                assertThat(values.get(tied)).as(tied).isEqualTo(values.get(weight.key()));
            }
        }
        float[] table = MergeLab.weight(values, "decoder.onnx/embed");
        float[] projection = MergeLab.weight(values, "decoder.onnx/proj");
        int width = MergeLab.weight(values, "encoder.onnx/mask").length;
        for (int i = 0; i < table.length; i++) {
            assertThat(projection[i % width * (table.length / width) + i / width])
                    .isEqualTo(table[i]);
        }
    }

    @Test
    void tiedWeightsArePrunedOnce() throws Exception {
        Random random = new Random(3);
        TestModel base = TestModel.random(random);
        try (MergeLab lab = new MergeLab(base, RECIPE)) {
            Path expert = lab.write(base.map((name, tensor) -> {
                float[] values = tensor.values().clone();
                values[0] += name.equals("mask") ? 0 : 0.25f;
                return values;
            }));
            List<PruneItem> items =
                    PrunePlan.of(
                                    Alignment.of(lab.base, ModelBundle.open(expert))
                                            .weights(),
                                    RECIPE)
                            .stream()
                            .flatMap(task -> task.items().stream())
                            .toList();
            assertThat(items)
                    .filteredOn(item -> item.weights().get(0).startsWith("decoder.onnx"))
                    .isNotEmpty()
                    .allMatch(item -> item.weights()
                            .contains(item.weights().get(0).replace("decoder.onnx", "decoder_with_past.onnx")));
            assertThat(items).noneMatch(item -> item.weights().get(0).startsWith("decoder_with_past"));
            assertThat(items)
                    .filteredOn(item -> item.weights().contains("decoder.onnx/embed"))
                    .singleElement()
                    .satisfies(item ->
                            assertThat(item.weights()).contains("/decoder.onnx/proj", "/decoder_with_past.onnx/proj"));
        }
    }

    @Test
    void theNumberOfThreadsChangesNoByte() throws Exception {
        Random random = new Random(4);
        TestModel base = TestModel.random(random, 96, 128, 2, ElementType.FLOAT, ElementType.FLOAT16);
        String first = null;
        for (int threads : new int[] {1, 2, 7}) {
            try (MergeLab lab = new MergeLab(base, RECIPE, threads)) {
                Random tuning = new Random(5);
                Path expert = lab.write(base.tuned(tuning));
                String digest = digest(lab.merge(List.of(new OfflineMerge.Expert(expert, 1))));
                assertThat(digest).isNotEqualTo(lab.baseDigest);
                first = first == null ? digest : first;
                assertThat(digest).isEqualTo(first);
            }
        }
    }

    @Test
    void aDenseTensorOfSeveralRunsLinesUp() throws Exception {
        TestModel small = TestModel.random(new Random(6), 3, 3, 1, ElementType.FLOAT16);
        float[] table = new float[5_000_003 * 3];
        for (int i = 0; i < table.length; i += 1000) {
            table[i] = i % 31 / 32f;
        }
        float[] tuned = table.clone();
        for (int at : new int[] {0, (1 << 22) - 1, 1 << 22, (1 << 22) + 1, (1 << 23) - 1, 1 << 23, table.length - 1}) {
            tuned[at] += 0.5f;
        }
        TestModel base = small.reshaped("embed", List.of(5_000_003L, 3L), table);
        Recipe recipe = new Recipe(2, 0.3, 1, Precision.FLOAT32, List.of());
        try (MergeLab lab = new MergeLab(base, recipe)) {
            Path expert = lab.write(base.with("embed", tuned));
            Path merged = lab.merge(List.of(new OfflineMerge.Expert(expert, 1)));
            assertThat(digest(merged)).isEqualTo(digest(expert));
        }
    }

    @Test
    void aRuleCanFreezeWeights() throws Exception {
        Random random = new Random(7);
        TestModel base = TestModel.random(random);
        Recipe recipe = new Recipe(
                2,
                0.3,
                1,
                Precision.FLOAT32,
                List.of(new PolicyRule("encoder.onnx:**", Policy.FROZEN), new PolicyRule("**", Policy.DENSE)));
        try (MergeLab lab = new MergeLab(base, recipe)) {
            TestModel expert = base.plus(() -> 0.125);
            Path merged = lab.merge(List.of(new OfflineMerge.Expert(lab.write(expert), 1)));
            for (String file : List.of("encoder.onnx", "encoder.onnx_data")) {
                assertThat(merged.resolve(file)).hasSameBinaryContentAs(lab.basePlace.resolve(file));
            }
            for (String file : TestModel.DECODERS) {
                assertThat(Files.readAllBytes(merged.resolve(file)))
                        .isNotEqualTo(Files.readAllBytes(lab.basePlace.resolve(file)));
            }
        }
    }

    /** Biases that start as zeros and are tuned alike are no reason to change what a rule has frozen. */
    @Test
    void aRuleSetsEqualWeightsApart() throws Exception {
        TestModel base = TestModel.random(new Random(12), 4, 5, 2, ElementType.FLOAT);
        Recipe recipe = new Recipe(
                2, 0.3, 1, Precision.FLOAT32, List.of(new PolicyRule("encoder.onnx:/encoder.1.**", Policy.FROZEN)));
        try (MergeLab lab = new MergeLab(base, recipe)) {
            Path merged = lab.merge(List.of(new OfflineMerge.Expert(lab.write(base.plus(() -> 0.125)), 1)));
            Map<String, float[]> values = MergeLab.values(merged);
            for (Weight weight : lab.base.weights()) {
                if (weight.key().endsWith(".down.bias")) {
                    boolean frozen = recipe.policyOf(weight) == Policy.FROZEN;
                    assertThat(values.get(weight.key())).as(weight.key()).containsOnly(frozen ? 0 : 0.125f);
                }
            }
        }
    }

    @Test
    void anInfinityWhereTheBaseIsFiniteIsRefusedByName() throws Exception {
        TestModel base = TestModel.random(new Random(8));
        try (MergeLab lab = new MergeLab(base, RECIPE)) {
            for (String name : List.of("encoder.0.up", "mask", "conv.bias")) {
                for (float bad : new float[] {Float.NEGATIVE_INFINITY, Float.NaN}) {
                    float[] values = base.tensor(name).values().clone();
                    values[1] = bad;
                    Path expert = lab.write(base.with(name, values));
                    Path target = lab.directory.resolve("never");
                    RejectedException refusal = catchThrowableOfType(RejectedException.class, () -> lab.offline()
                            .merge(List.of(new OfflineMerge.Expert(expert, 1)), target));
                    assertThat(refusal.code()).isEqualTo(RejectionCode.NON_FINITE);
                    assertThat(refusal)
                            .hasMessageContaining(name)
                            .hasMessageContaining("is " + bad)
                            .hasMessageContaining("at element 1");
                    assertThat(target).doesNotExist();
                }
            }
        }
    }

    /** Such as a volume that is mounted where the result goes: its folder may be the only place that can be written to. */
    @Test
    void nothingIsWrittenBesideTheTargetAndNothingIsLeftInItByARefusedMerge() throws Exception {
        TestModel base = TestModel.random(new Random(8));
        float[] bad = base.tensor("encoder.0.up").values().clone();
        bad[1] = Float.NaN;
        try (MergeLab lab = new MergeLab(base, RECIPE)) {
            Path good = lab.write(base.tuned(new Random(9)));
            Path broken = lab.write(base.with("encoder.0.up", bad));
            Path parent = Files.createDirectory(lab.directory.resolve("mount"));
            Path target = Files.createDirectory(parent.resolve("out"));
            parent.toFile().setWritable(false);
            assertThatThrownBy(() -> lab.offline().merge(List.of(new OfflineMerge.Expert(broken, 1)), target))
                    .isInstanceOf(RejectedException.class);
            assertThat(target).isEmptyDirectory();
            lab.offline().merge(List.of(new OfflineMerge.Expert(good, 1)), target);
            try (Stream<Path> beside = Files.list(parent)) {
                assertThat(beside).containsExactly(target);
            }
            parent.toFile().setWritable(true);
            assertThat(ModelBundle.open(target).files()).isEqualTo(lab.base.files());
        }
    }

    @Test
    void aBaseThatIsNotANumberIsRefusedByName() throws Exception {
        TestModel healthy = TestModel.random(new Random(9));
        float[] values = healthy.tensor("decoder.0.down").values().clone();
        values[2] = Float.NaN;
        TestModel base = healthy.with("decoder.0.down", values);
        try (MergeLab lab = new MergeLab(base, RECIPE)) {
            RejectedException refusal = catchThrowableOfType(RejectedException.class, lab::open);
            assertThat(refusal.code()).isEqualTo(RejectionCode.NON_FINITE);
            assertThat(refusal)
                    .hasMessageContaining("decoder.0.down")
                    .hasMessageContaining("at decoder.onnx:/decoder.0.down/Cast:0")
                    .hasMessageContaining("element 2");
        }
    }

    @Test
    void aRecipeThatMakesNoSenseIsRefusedBeforeAnythingIsDone() throws Exception {
        TestModel base = TestModel.random(new Random(10));
        Recipe senseless = new Recipe(2, 0.3, Double.NaN, Precision.FLOAT32, List.of());
        try (MergeLab lab = new MergeLab(base, senseless)) {
            assertThat(catchThrowableOfType(RejectedException.class, () -> lab.merge(List.of()))
                            .code())
                    .isEqualTo(RejectionCode.INVALID_EVENT);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ctc", "whisper"})
    void realModelsComeAndGoInAnyOrder(String architecture) throws Exception {
        Path models = FIXTURES.resolve(architecture);
        List<Path> experts;
        try (Stream<Path> found = Files.list(models)) {
            experts = found.filter(path -> !Set.of("base", "evaluation", "trained")
                            .contains(path.getFileName().toString()))
                    .sorted()
                    .limit(3)
                    .toList();
        }
        try (MergeLab lab = new MergeLab(models.resolve("base"), Recipe.PUBLISHED, 2);
                RunningModel model = lab.open()) {
            Member first = lab.prune(experts.get(0), 1);
            Member second = lab.prune(experts.get(1), 0.5);
            Member third = lab.prune(experts.get(2), 1);
            model.add(first);
            model.add(second);
            String two = lab.digest(model);
            model.add(third);
            String three = lab.digest(model);
            Map<String, List<Float>> outputs = Inference.run(lab.store.bundle(three));

            assertThat(digest(lab.merge(List.of(
                            new OfflineMerge.Expert(experts.get(2), 1),
                            new OfflineMerge.Expert(experts.get(1), 0.5),
                            new OfflineMerge.Expert(experts.get(0), 1)))))
                    .isEqualTo(three);
            model.subtract(third);
            assertThat(lab.digest(model)).isEqualTo(two);
            model.replace(first, third);
            model.subtract(second);
            model.subtract(third);
            assertThat(lab.digest(model)).isEqualTo(lab.baseDigest);

            Map<String, List<Float>> before = Inference.run(lab.basePlace);
            assertThat(outputs.keySet()).isEqualTo(before.keySet());
            outputs.forEach((name, values) ->
                    assertThat(values).as(name).allMatch(Float::isFinite).isNotEqualTo(before.get(name)));
            assertThat(Inference.run(lab.store.bundle(lab.baseDigest))).isEqualTo(before);
        }
    }

    @Test
    void aMergedModelOfEveryElementTypeRuns() throws Exception {
        Random random = new Random(11);
        TestModel base =
                TestModel.random(random, 8, 12, 2, ElementType.FLOAT, ElementType.FLOAT16, ElementType.BFLOAT16);
        TestModel expert = base.plus(() -> random.nextGaussian() * 0.05);
        try (MergeLab lab = new MergeLab(base, RECIPE)) {
            Path merged = lab.merge(List.of(new OfflineMerge.Expert(lab.write(expert), 1)));
            Map<String, List<Float>> before = Inference.run(lab.basePlace);
            Inference.run(merged).forEach((name, values) -> assertThat(values)
                    .as(name)
                    .allMatch(Float::isFinite)
                    .isNotEqualTo(before.get(name)));
        }
    }

    private static String digest(Path bundle) throws Exception {
        return Bundle.describe(bundle).digest();
    }
}
