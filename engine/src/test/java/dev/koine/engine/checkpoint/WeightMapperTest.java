package dev.koine.engine.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.WorkPool;
import dev.koine.engine.checkpoint.WeightMap.MappedPart;
import dev.koine.engine.checkpoint.WeightMap.MappedTensor;
import dev.koine.engine.checkpoint.WeightMap.MappedWeight;
import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.merge.OfflineMerge;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.taskvector.Precision;
import dev.koine.engine.tensor.ElementType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WeightMapperTest {
    private static final int WIDTH = FoldedModel.WIDTH;
    private static final Recipe RECIPE = new Recipe(2, 0.3, 0.4, Precision.FLOAT32, List.of());

    @TempDir
    Path directory;

    private final FoldedModel model = new FoldedModel(1);
    private ModelBundle base;
    private MappedBase mapped;

    @BeforeEach
    void map() throws Exception {
        base = ModelBundle.open(model.export(directory.resolve("base")));
        mapped = MappedBase.map(
                base, ExpertFolder.open(model.checkpoint(directory.resolve("checkpoint"))), WorkPool.inCaller());
    }

    @Test
    void whatTheExporterTransposedJoinedAndScaledIsFoundByItsValues() {
        Map<String, MappedWeight> byKey = mapped.map().byKey();
        assertThat(byKey.get("model.onnx/val_3"))
                .isEqualTo(new MappedWeight("model.onnx/val_3", 0, List.of(part("attn.out.weight", true, 1))));
        assertThat(byKey.get("model.onnx/val_1"))
                .isEqualTo(new MappedWeight(
                        "model.onnx/val_1",
                        1,
                        List.of(
                                part("attn.q.weight", true, 0.35355338f),
                                part("attn.k.weight", true, 1),
                                part("attn.v.weight", true, 1))));
        assertThat(byKey.get("model.onnx/val_8"))
                .isEqualTo(new MappedWeight("model.onnx/val_8", 0, List.of(part("position.table", false, 1))));
        assertThat(byKey).as("a constant of the graph").doesNotContainKey("model.onnx/val_7");
        assertThat(mapped.map().unmapped())
                .as("multiplied with each other; too short to prove that they were joined and scaled")
                .containsExactly("attn.k.bias", "attn.mlp.weight", "attn.q.bias", "attn.v.bias", "norm.weight");
    }

    @Test
    void whatIsEqualAndNowhereNamedStaysTogether() {
        for (String zero : List.of("val_4", "val_6")) {
            MappedPart both = new MappedPart(
                    List.of(new MappedTensor("attn.mlp.bias", false), new MappedTensor("attn.out.bias", false)), 1);
            assertThat(mapped.map().byKey().get("model.onnx/" + zero))
                    .isEqualTo(new MappedWeight("model.onnx/" + zero, 0, List.of(both)));
        }
    }

    @Test
    void aMapIsWhatItsBytesSay() throws Exception {
        WeightMap map = mapped.map().about("sha256:a", "sha256:b");
        Path file = directory.resolve("map");
        map.write(file);
        assertThat(WeightMap.read(file)).isEqualTo(map);
        byte[] written = Files.readAllBytes(file);
        WeightMap.read(file).write(file);
        assertThat(Files.readAllBytes(file)).isEqualTo(written);
    }

    @Test
    void aCheckpointOfAFoldedBaseGivesTheVersionOfItsExport() throws Exception {
        FoldedModel tuned = model.tuned(7, "attn.q.weight", "attn.k.weight", "attn.out.weight", "position");
        assertThat(merged("checkpoint-of-it", tuned.checkpoint(directory.resolve("e1"))))
                .isEqualTo(merged("export-of-it", tuned.export(directory.resolve("e2"))))
                .isNotEqualTo(Bundle.describe(directory.resolve("base")).digest());
    }

    @Test
    void whatCannotComeFromACheckpointIsRefusedByNameIfItChanged() throws Exception {
        FoldedModel tuned = model.tuned(7, "attn.q.weight", "norm.weight");
        assertRefused(tuned, RejectionCode.CHECKPOINT_MISMATCH, "norm.weight");
    }

    @Test
    void tensorsThatTheBaseCannotTellApartHaveToStayEqual() throws Exception {
        float[] one = {0, 0, 1, 0, 0, 0};
        FoldedModel apart = model.with("attn.out.bias", one);
        assertRefused(apart, RejectionCode.GRAPH_MISMATCH, "attn.out.bias");
        FoldedModel alike = apart.with("attn.mlp.bias", one);
        assertThat(merged("alike", alike.checkpoint(directory.resolve("e1"))))
                .isEqualTo(merged("export-alike", alike.export(directory.resolve("e2"))));
    }

    @Test
    void theCheckpointOfAnotherModelIsRefused() throws Exception {
        Path other = new FoldedModel(2).checkpoint(directory.resolve("other"));
        assertThatThrownBy(() -> MappedBase.map(base, ExpertFolder.open(other), WorkPool.inCaller()))
                .isInstanceOfSatisfying(RejectedException.class, refusal -> assertThat(refusal.code())
                        .isEqualTo(RejectionCode.CHECKPOINT_MISMATCH))
                .hasMessageContaining("exported from another checkpoint");
    }

    @Test
    void addedTokensAreRefusedWithHowToTrainWithout() throws Exception {
        FoldedModel longer = model.with("position.table", new float[4 * WIDTH]);
        assertRefused(longer, RejectionCode.TENSOR_MISMATCH, "1 row more", "Train without new tokens");
    }

    @Test
    void aTensorTooFewOrTooManyIsRefusedByName() throws Exception {
        FoldedModel fewer = model.tuned(3, "attn.k.weight");
        fewer.tensors.remove("attn.out.weight");
        assertRefused(fewer, RejectionCode.CHECKPOINT_MISMATCH, "lacks the tensor 'attn.out.weight'");
        float[] extra = new float[WIDTH * WIDTH];
        extra[0] = 7;
        FoldedModel more = model.tuned(3, "attn.k.weight").with("attn.extra", extra);
        assertRefused(more, RejectionCode.CHECKPOINT_MISMATCH, "'attn.extra'");
        FoldedModel tied = model.tuned(3, "attn.k.weight");
        FoldedModel twice = tied.with("attn.k.again", tied.tensor("attn.k.weight"));
        assertThat(merged("twice", twice.checkpoint(directory.resolve("twice"))))
                .isEqualTo(merged("once", tied.checkpoint(directory.resolve("once"))));
    }

    @Test
    void aCheckpointOfIntegersIsRefusedAsQuantised() throws Exception {
        Path quantised = model.checkpoint(directory.resolve("quantised"), ElementType.INT32, Map.of());
        assertThatThrownBy(() -> merged("q", quantised))
                .isInstanceOfSatisfying(RejectedException.class, refusal -> assertThat(refusal.code())
                        .isEqualTo(RejectionCode.QUANTIZED));
    }

    @Test
    void withoutTheBasesCheckpointNobodyKnowsWhatIsWhere() throws Exception {
        Path expert = model.tuned(3, "attn.k.weight").checkpoint(directory.resolve("expert"));
        assertThatThrownBy(() -> ExpertFolder.open(expert).align(base, null))
                .isInstanceOfSatisfying(RejectedException.class, refusal -> assertThat(refusal.code())
                        .isEqualTo(RejectionCode.NO_CHECKPOINT))
                .hasMessageContaining("--checkpoint");
    }

    @Test
    void aFolderWithSeveralFormsSaysWhichWasTaken() throws Exception {
        Path both = model.checkpoint(model.export(directory.resolve("both")));
        assertThat(ExpertFolder.open(both).taken().orElseThrow())
                .contains("an ONNX export and a safetensors checkpoint; an ONNX export is what was taken");
        assertThat(ExpertFolder.open(directory.resolve("checkpoint")).taken()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"weight_map": {"a": "../model-1.safetensors"}}        | no safetensors file of this folder
            {"weight_map": {"a": "model.bin"}}                     | no safetensors file of this folder
            {"weight_map": {"a": 7}}                               | no safetensors file of this folder
            {"weight_map": {"a": "model-9.safetensors"}}           | model-9.safetensors
            {"weight_map": {"a": "shard.safetensors"}}             | does not say that
            {"weight_map": {}}                                     | holds no tensor
            {"weight_map": {"a": "x", "a": "y"}}                   | is not JSON
            [1, 2                                                  | is not JSON
            []                                                     | is no JSON object
            """)
    void anIndexThatLiesIsRefused(String index, String named) throws Exception {
        Path folder = model.checkpoint(directory.resolve("sharded"));
        Files.move(folder.resolve("model.safetensors"), folder.resolve("shard.safetensors"));
        Files.writeString(folder.resolve("model.safetensors.index.json"), index);
        assertThatThrownBy(() -> merged("s", folder))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining(named);
    }

    private static MappedPart part(String tensor, boolean isTransposed, float factor) {
        return new MappedPart(List.of(new MappedTensor(tensor, isTransposed)), factor);
    }

    private void assertRefused(FoldedModel expert, RejectionCode code, String... named) throws Exception {
        Path folder = expert.checkpoint(Files.createTempDirectory(directory, "refused"));
        assertThatThrownBy(() -> merged("refused", folder))
                .isInstanceOfSatisfying(RejectedException.class, refusal -> assertThat(refusal.code())
                        .isEqualTo(code))
                .hasMessageContainingAll(named);
    }

    private String merged(String name, Path expert) throws Exception {
        Path target = Files.createTempDirectory(directory, name);
        new OfflineMerge(base, mapped, RECIPE, Lanczos::truncate, WorkPool.inCaller(), Progress.NONE)
                .merge(List.of(new OfflineMerge.Expert(expert, 1)), target);
        return Bundle.describe(target).digest();
    }
}
