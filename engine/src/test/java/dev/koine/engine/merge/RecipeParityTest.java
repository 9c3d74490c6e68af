package dev.koine.engine.merge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.linalg.ExactSvd;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.taskvector.Reference;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.Weight;
import dev.koine.engine.tensor.WeightRole;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Merged bundles against the published recipe, from file to file: base + scale * sum of weight * (L + S). */
class RecipeParityTest {
    private static final Recipe RECIPE = Recipe.PUBLISHED;
    private static final double[] WEIGHTS = {1, 0.7, -0.4};

    @ParameterizedTest
    @EnumSource(
            value = ElementType.class,
            names = {"FLOAT", "FLOAT16", "BFLOAT16"})
    void mergedWeightsAreTheRecipes(ElementType type) throws Exception {
        Random random = new Random(21);
        TestModel base = TestModel.random(random, 48, 100, 2, type);
        try (MergeLab lab = new MergeLab(base, RECIPE)) {
            List<OfflineMerge.Expert> experts = new ArrayList<>();
            List<Map<String, float[]>> theirs = new ArrayList<>();
            for (double weight : WEIGHTS) {
                Path expert = lab.write(base.map((name, tensor) -> planted(name, tensor, random)));
                experts.add(new OfflineMerge.Expert(expert, weight));
                theirs.add(MergeLab.values(expert));
            }
            Map<String, float[]> ours = MergeLab.values(lab.basePlace);
            Map<String, float[]> merged = MergeLab.values(lab.merge(experts));
            for (Weight weight : lab.base.weights()) {
                String key = weight.key();
                if (!key.endsWith("/mask")) {
                    List<float[]> tuned =
                            theirs.stream().map(values -> values.get(key)).toList();
                    requireParity(weight, MergeLab.weight(ours, key), tuned, MergeLab.weight(merged, key));
                }
            }
        }
    }

    /** Planted spectra for the matrices; whole, rank-deficient, in one entry, or not at all; other tensors at random. */
    private static float[] planted(String name, TestModel.Tensor tensor, Random random) {
        float[] values = tensor.values().clone();
        int kind = random.nextInt(6);
        if (name.equals("mask") || kind == 0) {
            return values;
        }
        if (kind == 1) {
            values[random.nextInt(values.length)] += 0.03f;
            return values;
        }
        float[] delta = new float[values.length];
        if (tensor.shape().size() == 2) {
            int rows = Math.toIntExact(tensor.shape().get(0));
            int columns = Math.toIntExact(tensor.shape().get(1));
            int rank = kind == 2 ? 5 : Math.min(rows, columns);
            delta = ExactSvd.planted(
                    rows, columns, ExactSvd.fineTuneSpectrum(rank, Math.min(12, rank)), random.nextLong());
        } else {
            for (int i = 0; i < delta.length; i++) {
                delta[i] = (float) (random.nextGaussian() * 1e-3);
            }
        }
        for (int i = 0; i < values.length; i++) {
            values[i] += delta[i];
        }
        return values;
    }

    private static void requireParity(Weight weight, float[] base, List<float[]> experts, float[] merged) {
        double[] update = new double[base.length];
        for (int e = 0; e < experts.size(); e++) {
            double[] pruned = Reference.difference(experts.get(e), base);
            if (weight.role() == WeightRole.LINEAR) {
                List<Long> shape = weight.tensor().shape();
                pruned = Reference.prune(
                        pruned,
                        Math.toIntExact(shape.get(0)),
                        Math.toIntExact(shape.get(1)),
                        RECIPE.parameters().rank(),
                        RECIPE.parameters().density());
            }
            for (int i = 0; i < update.length; i++) {
                update[i] += RECIPE.scale().factor() * WEIGHTS[e] * pruned[i];
            }
        }
        double allowed = 1e-5 * Reference.norm(update);
        ElementType type = weight.tensor().type();
        double[] expected = new double[base.length];
        for (int i = 0; i < base.length; i++) {
            expected[i] = nearest(type, merged[i], base[i] + update[i], type == ElementType.FLOAT ? 0 : allowed);
        }
        int few = (int) Math.max(2, 5e-6 * base.length);
        assertThat(Reference.distance(Reference.doubles(merged), expected, few))
                .as(weight.key())
                .isLessThanOrEqualTo(allowed);
    }

    /** The actual value, if it is the rounding of one that is no further from the exact one than allowed; else the latter's rounding. */
    private static double nearest(ElementType type, float actual, double exact, double allowed) {
        float[] around = TestModel.rounded(
                type, new float[] {(float) (exact - allowed), (float) exact, (float) (exact + allowed)});
        return actual >= around[0] && actual <= around[2] ? actual : around[1];
    }

    @Test
    void prunesTheMatricesOfAttentionAndMlpAlone() throws Exception {
        try (MergeLab lab = new MergeLab(TestModel.random(new Random(22)), RECIPE)) {
            for (Weight weight : lab.base.weights()) {
                boolean isMatrix = Arrays.asList("up", "down")
                        .contains(weight.key().substring(weight.key().lastIndexOf('.') + 1));
                assertThat(weight.role() == WeightRole.LINEAR).as(weight.key()).isEqualTo(isMatrix);
            }
        }
    }
}
