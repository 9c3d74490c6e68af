package dev.koine.engine.merge.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.merge.method.Compact;
import dev.koine.engine.merge.method.Dare;
import dev.koine.engine.merge.method.Lors;
import dev.koine.engine.merge.method.MergeMethod;
import dev.koine.engine.merge.method.RegMean;
import dev.koine.engine.merge.method.TaskArithmetic;
import dev.koine.engine.merge.method.Ties;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.Precision;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.Weight;
import dev.koine.engine.tensor.WeightRole;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecipeTest {

    @ParameterizedTest
    @CsvSource({
        "-1, 0.2, 0.2, rank is -1; give one from 0 to 1024",
        "1025, 0.2, 0.2, rank is 1025; give one from 0 to 1024",
        "7, -0.1, 0.2, density is -0.1; give a fraction from 0 to 1",
        "7, 1.5, 0.2, density is 1.5; give a fraction from 0 to 1",
        "7, NaN, 0.2, density is NaN; give a fraction from 0 to 1",
        "7, 0.2, NaN, scale is NaN; give a finite number",
        "7, 0.2, -Infinity, scale is -Infinity; give a finite number"
    })
    void saysWhatIsOutOfRange(int rank, double density, double scale, String message) {
        Recipe recipe = new Recipe(rank, density, scale, Precision.FLOAT32, List.of());
        RejectedException refusal = catchThrowableOfType(RejectedException.class, recipe::validated);
        assertThat(refusal.code()).isEqualTo(RejectionCode.INVALID_EVENT);
        assertThat(refusal).hasMessage("The recipe's " + message + ".");
    }

    @Test
    void takesTheEndsOfTheRanges() throws Exception {
        for (Recipe recipe : List.of(
                Recipe.PUBLISHED,
                new Recipe(0, 0, 0, Precision.FLOAT16, List.of()),
                new Recipe(1024, 1, -3, Precision.FLOAT32, List.of()))) {
            assertThat(recipe.validated()).isSameAs(recipe);
        }
    }

    @Test
    void theDefaultPrunesEveryWeightAndOtherMethodsAreTakenAsPublished() {
        assertThat(Recipe.standard(new Compact())).isEqualTo(Recipe.DEFAULT);
        assertThat(Recipe.standard(new RegMean()))
                .as("weighs the same task vectors")
                .isEqualTo(Recipe.DEFAULT
                        .with(new RegMean())
                        .with(Scale.of(Scaling.NORM, 1).atMost(0.4)));
        for (WeightRole role : WeightRole.values()) {
            assertThat(Recipe.DEFAULT.policyOf(weight("m.onnx:/fc/MatMul:1", role)))
                    .isEqualTo(Policy.LOW_RANK_BANDS);
        }
        assertThat(Recipe.standard(new Lors())).isEqualTo(Recipe.PUBLISHED.with(Recipe.defaultScale(new Lors())));
        assertThat(Recipe.standard(new Ties()).scale()).hasToString("norm");
    }

    @Test
    void sumsGoNoFartherThanPublishedByDefault() {
        for (MergeMethod method : List.of(new Compact(), new Lors(), new TaskArithmetic(), new Dare())) {
            assertThat(Recipe.standard(method).scale()).hasToString("norm:0.2");
        }
    }

    @Test
    void prunesAttentionAndMlpMatricesOnly() {
        for (WeightRole role : WeightRole.values()) {
            assertThat(Recipe.PUBLISHED.policyOf(weight("m.onnx:/fc/MatMul:1", role)))
                    .isEqualTo(role == WeightRole.LINEAR ? Policy.LORS : Policy.DENSE);
        }
    }

    @Test
    void theFirstRuleThatMatchesDecides() {
        Recipe recipe = new Recipe(
                7,
                0.2,
                0.2,
                Precision.FLOAT32,
                List.of(
                        new PolicyRule("encoder.onnx:/layers.0/**", Policy.FROZEN),
                        new PolicyRule("encoder.onnx:**", Policy.SPARSE)));
        assertThat(recipe.policyOf(weight("encoder.onnx:/layers.0/fc/MatMul:1", WeightRole.LINEAR)))
                .isEqualTo(Policy.FROZEN);
        assertThat(recipe.policyOf(weight("encoder.onnx:/layers.1/fc/MatMul:1", WeightRole.OTHER)))
                .isEqualTo(Policy.SPARSE);
        assertThat(recipe.policyOf(weight("decoder.onnx:/layers.0/fc/MatMul:1", WeightRole.LINEAR)))
                .isEqualTo(Policy.LORS);
    }

    @ParameterizedTest
    @CsvSource({
        "m.onnx:/fc/MatMul:1, true",
        "**, true",
        "*, false",
        "m.onnx:/*/MatMul:1, true",
        "m.onnx:*/MatMul:1, false",
        "m.onnx:**/MatMul:1, true",
        "**/fc/**, true",
        "***, true",
        "m?onnx:/f?/MatMul:?, true",
        "m.onnx:?fc/MatMul:1, false",
        "m.onnx:/fc/MatMul:1*, true",
        "m.onnx:/fc/MatMul:, false",
        "m.onnx:/fc/MatMul:11, false",
        "mxonnx:/fc/MatMul:1, false",
        "'', false",
        ".*, false",
        "[m].onnx**, false"
    })
    void aPatternIsAGlobOverThePosition(String pattern, boolean matches) {
        Weight weight = weight("m.onnx:/fc/MatMul:1", WeightRole.LINEAR);
        assertThat(new PolicyRule(pattern, Policy.FROZEN).matches(weight)).isEqualTo(matches);
    }

    @Test
    void anyNameOfANodeCanBeMatched() {
        Weight weight = weight("m.onnx:\\E\n(\u8a9e\ud83d\ude00:1", WeightRole.LINEAR);
        for (String pattern : List.of("**", "*", "m.onnx:\\E*:1", "*(\u8a9e\ud83d\ude00:1", "**?(?\ud83d\ude00:1")) {
            assertThat(new PolicyRule(pattern, Policy.FROZEN).matches(weight))
                    .as(pattern)
                    .isTrue();
        }
    }

    @Test
    void noPatternTakesLongToMatch() {
        Weight weight = weight("m.onnx:" + "a".repeat(500), WeightRole.LINEAR);
        for (String hostile : List.of("*a".repeat(100) + "b", "**a".repeat(100) + "b", "*".repeat(1001) + "b")) {
            Assertions.assertTimeoutPreemptively(
                    Duration.ofMinutes(2), () -> assertThat(new PolicyRule(hostile, Policy.DENSE).matches(weight))
                            .isFalse());
        }
    }

    private static Weight weight(String position, WeightRole role) {
        TensorInfo tensor = new TensorInfo("w", ElementType.FLOAT, List.of(2L, 3L), Path.of("m.onnx"), 0, 24);
        return new Weight("m.onnx/w", tensor, position, role);
    }
}
