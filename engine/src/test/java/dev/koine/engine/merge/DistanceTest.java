package dev.koine.engine.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.koine.engine.Progress;
import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.merge.prune.Distance;
import dev.koine.engine.merge.recipe.PolicyRule;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.Precision;
import dev.koine.engine.tensor.ElementType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** An expert that was never tuned from its base is told by its distance. */
class DistanceTest {
    private static final TestModel BASE =
            TestModel.random(new Random(71), 40, 700, 1, ElementType.FLOAT, ElementType.FLOAT16);

    @Test
    void theLengthOfTheDifferenceIsMeasuredAgainstTheBases() throws Exception {
        TestModel far = BASE.map((name, tensor) -> {
            float[] values = tensor.values().clone();
            for (int i = 0; i < values.length; i++) {
                values[i] *= 1.75f;
            }
            return values;
        });
        assertThat(distance(far, Recipe.PUBLISHED)).isCloseTo(0.75, within(0.001));
        Random random = new Random(72);
        assertThat(distance(BASE.plus(() -> 0.0005 * random.nextGaussian()), Recipe.PUBLISHED))
                .isCloseTo(0.0105, within(0.0015));
    }

    @Test
    void aStrangerIsToldWhereItIsMergedAndATunedExpertIsNot() throws Exception {
        TestModel other = TestModel.random(new Random(73), 40, 700, 1, ElementType.FLOAT, ElementType.FLOAT16);
        TestModel stranger = BASE.map((name, tensor) ->
                name.equals("mask") ? tensor.values() : other.tensor(name).values());
        assertThat(distance(stranger, Recipe.PUBLISHED)).isCloseTo(1.41, within(0.05));
        List<String> warnings = warnings(stranger);
        assertThat(warnings).hasSize(1);
        assertThat(warnings.get(0))
                .contains("The expert ", "by 1.4 times the base's length", "no fine-tune of this base");
        assertThat(warnings(BASE.tuned(new Random(74)))).isEmpty();
    }

    @Test
    void whatIsFrozenDoesNotCount() throws Exception {
        float[] values = BASE.tensor("conv").values().clone();
        for (int i = 0; i < values.length; i++) {
            values[i] = -values[i];
        }
        TestModel expert = BASE.with("conv", values);
        Recipe frozen = new Recipe(2, 0.5, 1, Precision.FLOAT16, List.of(new PolicyRule("**/Conv:1", Policy.FROZEN)));
        assertThat(distance(expert, Recipe.PUBLISHED)).isGreaterThan(0.1);
        assertThat(distance(expert, frozen)).isZero();
    }

    /** A mask's constants are no length that could hide the rest. */
    @Test
    void constantsOfMasksDoNotCount() throws Exception {
        float[] mask = BASE.tensor("mask").values().clone();
        for (int i = 0; i < mask.length; i++) {
            mask[i] = i % 2 == 0 ? -3e38f : -65504;
        }
        TestModel base = BASE.with("mask", mask);
        TestModel expert = base.map((name, tensor) -> {
            float[] values = tensor.values().clone();
            for (int i = 0; i < values.length && !name.equals("mask"); i++) {
                values[i] = -values[i];
            }
            return values;
        });
        try (MergeLab lab = new MergeLab(base, Recipe.PUBLISHED)) {
            Alignment aligned = Alignment.of(lab.base, ModelBundle.open(lab.write(expert)));
            assertThat(Distance.of(aligned, Recipe.PUBLISHED).orElseThrow()).isCloseTo(2, within(1e-6));
        }
    }

    private static double distance(TestModel expert, Recipe recipe) throws Exception {
        try (MergeLab lab = new MergeLab(BASE, recipe)) {
            Alignment aligned = Alignment.of(lab.base, ModelBundle.open(lab.write(expert)));
            return Distance.of(aligned, recipe).orElseThrow();
        }
    }

    private static List<String> warnings(TestModel expert) throws Exception {
        List<String> warnings = new ArrayList<>();
        Progress progress = new Progress() {
            @Override
            public void report(String stage, long done, long total) {}

            @Override
            public void warn(String sentence) {
                warnings.add(sentence);
            }
        };
        try (MergeLab lab = new MergeLab(BASE, Recipe.PUBLISHED)) {
            Path target = lab.directory.resolve("out");
            new OfflineMerge(lab.base, lab.recipe, Lanczos::truncate, lab.pool, progress)
                    .merge(List.of(new OfflineMerge.Expert(lab.write(expert), 1)), target);
        }
        return warnings;
    }
}
