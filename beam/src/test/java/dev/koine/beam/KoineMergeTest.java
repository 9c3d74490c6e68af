package dev.koine.beam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.beam.merge.MergeExpert;
import dev.koine.beam.merge.MergedModel;
import dev.koine.beam.merge.RecipeText;
import dev.koine.engine.RejectedException;
import dev.koine.engine.merge.method.MergeMethods;
import dev.koine.engine.merge.method.RegMean;
import dev.koine.engine.merge.recipe.PolicyRule;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.recipe.Scale;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.Precision;
import dev.koine.testkit.TinyModel;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.io.GenerateSequence;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.Reshuffle;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.TypeDescriptor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The DirectRunner checks encodability and immutability of every value, and adds up in bundles that it cuts itself. */
class KoineMergeTest {
    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({
        "LORS, norm:0.4, false, 3",
        "LORS, norm:0.4, true, 1",
        "TIES, norm, false, 1",
        "TIES, norm, true, 1",
        "DARE, 0.3, false, 1",
        "TASK_ARITHMETIC, model-stock, false, 1",
        "MAGNITUDE, 1/n, true, 1"
    })
    void theDigestIsThatOfTheOfflineMergeHoweverTheWorkIsCut(String method, String scale, boolean half, int cuts)
            throws Exception {
        Path base = half ? TinyModel.halfBase(directory.resolve("base")) : TinyModel.base(directory.resolve("base"));
        List<MergeExpert> experts = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Path place = directory.resolve("expert" + i);
            Path expert = half ? TinyModel.halfExpert(place, 10 + i) : TinyModel.expert(place, 10 + i);
            experts.add(new MergeExpert("e" + i, expert.toString(), i == 2 ? -0.5 : 1));
        }
        Recipe recipe = Recipe.PUBLISHED
                .with(MergeMethods.of(method))
                .with(Scale.parse(scale))
                .with(own -> own.withSeed(3));
        String expected = OfflineDigest.of(directory, base, experts, recipe);
        for (int seed = 0; seed < cuts; seed++) {
            Random random = new Random(Objects.hash(method, half, seed));
            Collections.shuffle(experts, random);
            KoineMerge merge = KoineMerge.of(base.toString(), store().toString())
                    .withRecipe(recipe)
                    .withSliceElements(1 << (4 + random.nextInt(6)))
                    .withHotKeyFanout(1 + random.nextInt(3));
            MergedModel merged = run(experts, merge, 1 + random.nextInt(4));
            assertThat(merged.digest).as("seed " + seed).isEqualTo(expected);
            assertThat(Bundle.describe(Path.of(URI.create(merged.place))).digest())
                    .isEqualTo(expected);
            assertThat(merged.experts).isEqualTo(4);
            assertThat(merged.updateShare != null).isEqualTo(half);
        }
        assertNothingIsLeftAside();
    }

    @ParameterizedTest
    @ValueSource(strings = {"norm:0.4", "0.2", "0.5/n:0.3", "0.5*norm", "model-stock:0.4"})
    void aRecipeTravelsInWords(String scale) throws Exception {
        Recipe recipe = new Recipe(3, 0.25, 1, Precision.FLOAT16, List.of(new PolicyRule("*/embed*=x", Policy.FROZEN)))
                .with(Scale.parse(scale))
                .with(own -> own.withSeed(-5).withSlack(0.1));
        assertThat(RecipeText.of(recipe).recipe()).isEqualTo(recipe);
    }

    @Test
    void aRecipeThatNeedsMoreThanExpertsIsRefused() throws Exception {
        requireRefused(Recipe.DEFAULT.with(Scale.parse("search")), "there are no evaluation sets here to search it on");
        requireRefused(Recipe.standard(new RegMean()), "REGMEAN weighs by statistics");
    }

    private void requireRefused(Recipe recipe, String words) throws Exception {
        Path base = TinyModel.base(directory.resolve("base"));
        Path expert = TinyModel.expert(directory.resolve("one"), 2);
        KoineMerge merge = KoineMerge.of(base.toString(), store().toString()).withRecipe(recipe);
        assertThatThrownBy(() -> run(List.of(MergeExpert.of("de", expert.toString())), merge, 1))
                .hasStackTraceContaining(words);
    }

    @Test
    void expertsWithoutEndAreRefusedWhenThePipelineIsBuilt() {
        PCollection<MergeExpert> endless = Pipelines.of(1)
                .apply(GenerateSequence.from(0))
                .apply(MapElements.into(TypeDescriptor.of(MergeExpert.class)).via(n -> MergeExpert.of("" + n, "/x")));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> endless.apply(KoineMerge.of("/b", "/s")))
                .withMessageContaining("to the merge job with KoineSubmit");
    }

    @Test
    void anExpertThatIsRefusedFailsThePipelineAndLeavesNoModel() throws Exception {
        Path base = TinyModel.base(directory.resolve("base"));
        MergeExpert same =
                MergeExpert.of("same", TinyModel.base(directory.resolve("same")).toString());
        MergeExpert sound = MergeExpert.of(
                "sound", TinyModel.expert(directory.resolve("sound"), 2).toString());
        assertThatThrownBy(() -> run(List.of(sound, same), KoineMerge.of(base.toString(), store().toString()), 2))
                .hasRootCauseInstanceOf(RejectedException.class)
                .hasStackTraceContaining("Expert 'same' (" + same.place + "): The expert's weights are the base's");
        assertThat(store().resolve("bundles")).doesNotExist();
    }

    @Test
    void twoExpertsOfOneNameAreRefused() throws Exception {
        Path base = TinyModel.base(directory.resolve("base"));
        String place = TinyModel.expert(directory.resolve("one"), 2).toString();
        assertThatThrownBy(() -> run(
                        List.of(MergeExpert.of("de", place), MergeExpert.of("de", place)),
                        KoineMerge.of(base.toString(), store().toString()),
                        1))
                .hasStackTraceContaining("Two experts are called 'de'");
    }

    private Path store() {
        return directory.resolve("store");
    }

    private void assertNothingIsLeftAside() throws Exception {
        try (Stream<Path> left = Files.list(store().resolve("aside"))) {
            assertThat(left).isEmpty();
        }
    }

    private static MergedModel run(List<MergeExpert> experts, KoineMerge merge, int parallelism) {
        Pipeline pipeline = Pipelines.of(parallelism);
        Collected<MergedModel> merged = new Collected<>();
        pipeline.apply(Create.of(experts))
                .apply(Reshuffle.viaRandomKey())
                .apply(merge)
                .apply(ParDo.of(merged));
        pipeline.run().waitUntilFinish();
        assertThat(merged.all()).hasSize(1);
        return merged.all().get(0);
    }
}
