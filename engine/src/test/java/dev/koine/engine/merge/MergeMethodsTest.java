package dev.koine.engine.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.koine.engine.RejectedException;
import dev.koine.engine.merge.method.Compact;
import dev.koine.engine.merge.method.Dare;
import dev.koine.engine.merge.method.MergeMethod;
import dev.koine.engine.merge.method.MergeMethods;
import dev.koine.engine.merge.method.TaskArithmetic;
import dev.koine.engine.merge.method.Ties;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.recipe.Scale;
import dev.koine.engine.merge.recipe.Scaling;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.tensor.ElementType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What each merge method and scale policy comes to, held against small computations in double. */
class MergeMethodsTest {
    private static final double[] WEIGHTS = {1, 0.5, -0.25};
    private static final Recipe WHOLE =
            Recipe.PUBLISHED.with(new TaskArithmetic()).with(Scale.fixed(1));

    static Stream<Arguments> methodsAndScales() {
        return MergeMethods.all().stream().flatMap(method -> Stream.of("0.3", "1/n", "norm", "model-stock")
                .filter(scale -> method.isSum() || !scale.matches("1/n|model-stock"))
                .map(scale -> Arguments.of(method, scale)));
    }

    @ParameterizedTest
    @MethodSource("methodsAndScales")
    void offlineAndRunningGiveTheSameBytes(MergeMethod method, String scale) throws Exception {
        Recipe recipe = Recipe.PUBLISHED.with(method).with(Scale.parse(scale));
        try (Case merge = new Case(recipe);
                RunningModel model = merge.lab.open()) {
            for (int i : new int[] {2, 0, 1}) {
                model.add(merge.lab.prune(merge.experts.get(i), WEIGHTS[i]));
            }
            assertThat(Bundle.describe(merge.offline()).digest()).isEqualTo(merge.lab.digest(model));
        }
    }

    /** Large enough for two bands of a matrix. */
    @Test
    void bandsAreMergedToTheSameBytesToo() throws Exception {
        Recipe recipe = Recipe.standard(new Compact()).with(own -> own.withRank(2));
        try (Case merge = new Case(recipe, 264, 16384);
                RunningModel model = merge.lab.open()) {
            for (int i : new int[] {2, 0, 1}) {
                model.add(merge.lab.prune(merge.experts.get(i), WEIGHTS[i]));
            }
            assertThat(Bundle.describe(merge.offline()).digest()).isEqualTo(merge.lab.digest(model));
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.4, 1})
    void tiesIsTheMeanOfTheEntriesWithTheElectedSign(double slack) throws Exception {
        Recipe recipe = WHOLE.with(new Ties()).with(own -> own.withDensity(1).withSlack(slack));
        try (Case merge = new Case(recipe)) {
            merge.requireMerged(terms -> {
                double positive = 0;
                double negative = 0;
                int positives = 0;
                int negatives = 0;
                for (double term : terms) {
                    positive += Math.max(term, 0);
                    negative += Math.min(term, 0);
                    positives += term > 0 ? 1 : 0;
                    negatives += term < 0 ? 1 : 0;
                }
                double larger = Math.max(positive, -negative);
                double smaller = Math.min(positive, -negative);
                if (larger == 0) {
                    return 0;
                }
                if (smaller >= (1 - slack) * larger) {
                    return (positive + negative) / (positives + negatives);
                }
                return positive > -negative ? positive / positives : negative / negatives;
            });
        }
    }

    @Test
    void tiesTrimsEachTensorToItsLargestEntries() throws Exception {
        try (Case merge = new Case(WHOLE.with(new Ties()).with(own -> own.withDensity(0.25)))) {
            Path one = merge.lab.merge(List.of(new OfflineMerge.Expert(merge.experts.get(0), 1)));
            Map<String, float[]> merged = MergeLab.values(one);
            merge.base.forEach((key, before) -> {
                float[] after = MergeLab.weight(merged, key);
                float[] expert = MergeLab.weight(merge.tuned.get(0), key);
                double leastKept = Double.POSITIVE_INFINITY;
                double largestDropped = 0;
                int kept = 0;
                for (int i = 0; i < before.length; i++) {
                    double delta = Math.abs((double) expert[i] - before[i]);
                    if (after[i] != before[i]) {
                        kept++;
                        leastKept = Math.min(leastKept, delta);
                    } else if (Float.isFinite(before[i])) {
                        largestDropped = Math.max(largestDropped, delta);
                    }
                }
                assertThat(kept).as(key).isLessThanOrEqualTo(before.length / 4);
                assertThat(leastKept).as(key).isGreaterThanOrEqualTo(largestDropped);
            });
        }
    }

    @Test
    void dareKeepsTheAskedFractionAndDividesByIt() throws Exception {
        double density = 0.3;
        try (Case merge = new Case(
                WHOLE.with(new Dare()).with(own -> own.withDensity(density).withSeed(7)), 60, 80)) {
            List<String> masks = new ArrayList<>();
            for (int e = 0; e < 2; e++) {
                Map<String, float[]> merged =
                        MergeLab.values(merge.lab.merge(List.of(new OfflineMerge.Expert(merge.experts.get(e), 1))));
                StringBuilder mask = new StringBuilder();
                int kept = 0;
                int changed = 0;
                for (Map.Entry<String, float[]> weight : merge.base.entrySet()) {
                    float[] before = weight.getValue();
                    float[] after = MergeLab.weight(merged, weight.getKey());
                    float[] expert = MergeLab.weight(merge.tuned.get(e), weight.getKey());
                    for (int i = 0; i < before.length; i++) {
                        if (expert[i] == before[i]) {
                            continue;
                        }
                        changed++;
                        boolean isKept = after[i] != before[i];
                        mask.append(isKept ? '1' : '0');
                        if (isKept) {
                            kept++;
                            assertThat((double) after[i] - before[i])
                                    .isCloseTo(((double) expert[i] - before[i]) / density, within(1e-4));
                        }
                    }
                }
                assertThat((double) kept / changed).isCloseTo(density, within(0.02));
                masks.add(mask.toString());
            }
            assertThat(masks.get(0)).isNotEqualTo(masks.get(1));
        }
    }

    @Test
    void normMakesTheMergedDeltaAsLongAsTheTaskVectorsAre() throws Exception {
        try (Case merge = new Case(WHOLE.with(Scale.parse("norm")))) {
            double mean = 0;
            for (int e = 0; e < WEIGHTS.length; e++) {
                mean += Math.abs(WEIGHTS[e]) * norm(merge.base, merge.tuned.get(e)) / WEIGHTS.length;
            }
            assertThat(norm(merge.base, MergeLab.values(merge.offline()))).isCloseTo(mean, within(1e-4 * mean));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"norm:0.05", "3/n:0.05", "0.05"})
    void noPolicyGivesMoreThanItsLimit(String scale) throws Exception {
        try (Case merge = new Case(WHOLE.with(Scale.parse(scale)))) {
            merge.requireMerged(terms -> 0.05 * Arrays.stream(terms).sum());
        }
    }

    @Test
    void modelStockFollowsTheAngleOfEachWeight() throws Exception {
        try (Case merge = new Case(WHOLE.with(Scale.parse("model-stock")))) {
            Map<String, float[]> merged = MergeLab.values(merge.offline());
            merge.base.forEach((key, before) -> {
                int n = 0;
                double apart = 0;
                double together = 0;
                for (Map<String, float[]> expert : merge.tuned) {
                    n += Arrays.equals(expert.get(key), before) ? 0 : 1;
                }
                double[] sums = new double[before.length];
                for (int i = 0; i < before.length; i++) {
                    for (int e = 0; e < WEIGHTS.length; e++) {
                        double term = merge.term(e, key, i);
                        apart += term * term;
                        sums[i] += term;
                    }
                    together += sums[i] * sums[i];
                }
                double cosine = n < 2 ? 1 : Math.max(0, (together - apart) / ((n - 1) * apart));
                double scale = n < 2 ? 1 : cosine / (1 + (n - 1) * cosine);
                for (int i = 0; i < before.length; i++) {
                    if (Float.isFinite(before[i])) {
                        assertThat((double) MergeLab.weight(merged, key)[i])
                                .as("%s[%d]", key, i)
                                .isCloseTo(before[i] + scale * sums[i], within(1e-5));
                    }
                }
            });
        }
    }

    @Test
    void aCombinationIsTheWeightedSumAndOutlivesItsTerms() throws Exception {
        try (Case merge = new Case(WHOLE);
                RunningModel model = merge.lab.open()) {
            Member first = merge.lab.prune(merge.experts.get(0), 1);
            Member second = merge.lab.prune(merge.experts.get(1), 1);
            TaskVector combined = TaskVector.combined(List.of(
                    new TaskVector.Term(TaskVector.get(merge.lab.store, first.taskVector()), 0.7),
                    new TaskVector.Term(TaskVector.get(merge.lab.store, second.taskVector()), -0.3)));
            Member combination = new Member(combined.put(merge.lab.store), 1);
            model.add(first);
            model.add(second);
            model.add(combination);
            model.subtract(first);
            model.subtract(second);
            Path written = merge.lab.store.bundle(merge.lab.digest(model));
            Map<String, float[]> merged = MergeLab.values(written);
            merge.base.forEach((key, before) -> {
                for (int i = 0; i < before.length; i++) {
                    if (Float.isFinite(before[i])) {
                        double expected = before[i]
                                + 0.7 * (MergeLab.weight(merge.tuned.get(0), key)[i] - before[i])
                                - 0.3 * (MergeLab.weight(merge.tuned.get(1), key)[i] - before[i]);
                        assertThat((double) MergeLab.weight(merged, key)[i]).isCloseTo(expected, within(1e-5));
                    }
                }
            });
            model.subtract(combination);
            assertThat(merge.lab.digest(model)).isEqualTo(merge.lab.baseDigest);
        }
    }

    @Test
    void scalesOfOneNumberAndOfManyAreReadBack() throws Exception {
        try (Case merge = new Case(WHOLE)) {
            for (Scales scales : List.of(Scales.fixed(0.3), Scales.byWeight(Map.of("a", 0.25, "b", 1.0 / 3)))) {
                assertThat(Scales.get(merge.lab.store, scales.put(merge.lab.store)))
                        .isEqualTo(scales);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0.2",
                "-1.5",
                "1/n",
                "2/n",
                "2/n:0.5",
                "norm",
                "0.5*norm",
                "norm:0.4",
                "model-stock",
                "model-stock:0.1",
                "search:0.1,0.2,0.3"
            })
    void aScaleIsWrittenAsItIsRead(String text) throws Exception {
        assertThat(Scale.parse(text)).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "NaN",
                "n/1",
                "search:",
                "search:0.1,,2",
                "search:1e999",
                "norm*2",
                "1e999/n",
                "0.1 0.2",
                "0.2:0.4",
                "norm:",
                "norm:0",
                "norm:-1",
                "norm:NaN",
                "norm:1:2:x"
            })
    void whatIsNoScaleIsRefused(String text) {
        assertThatThrownBy(() -> Scale.parse(text))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("The recipe's scale");
    }

    @Test
    void recipesThatMakeNoSenseAreRefused() {
        for (Recipe recipe : List.of(
                WHOLE.with(new Ties()).with(Scale.of(Scaling.PER_EXPERT, 1)),
                WHOLE.with(new Ties()).with(Scale.of(Scaling.MODEL_STOCK, 1)),
                WHOLE.with(Scale.fixed(0.2).atMost(0.4)),
                WHOLE.with(Scale.search(List.of(0.2)).atMost(0.4)),
                WHOLE.with(new Ties()).with(own -> own.withSlack(1.5)),
                WHOLE.with(new Dare()).with(own -> own.withDensity(0)),
                WHOLE.with(Scale.search(List.of())))) {
            assertThatThrownBy(recipe::validated)
                    .as("%s", recipe)
                    .isInstanceOf(RejectedException.class)
                    .hasMessageContaining("The recipe's");
        }
    }

    private static double norm(Map<String, float[]> from, Map<String, float[]> to) {
        double square = 0;
        for (Map.Entry<String, float[]> weight : from.entrySet()) {
            float[] other = MergeLab.weight(to, weight.getKey());
            for (int i = 0; i < other.length; i++) {
                double delta = other[i] == weight.getValue()[i] ? 0 : (double) other[i] - weight.getValue()[i];
                square += delta * delta;
            }
        }
        return Math.sqrt(square);
    }

    /** What the weighted task vectors' entries at one element merge to, before the scale of 1. */
    @FunctionalInterface
    private interface Rule {
        double merged(double[] terms);
    }

    /** A base and three experts. */
    private static final class Case implements AutoCloseable {
        final MergeLab lab;
        final List<Path> experts = new ArrayList<>();
        final Map<String, float[]> base;
        final List<Map<String, float[]>> tuned = new ArrayList<>();

        Case(Recipe recipe) throws Exception {
            this(recipe, 6, 8);
        }

        Case(Recipe recipe, int rows, int columns) throws Exception {
            Random random = new Random(11);
            TestModel model = TestModel.random(random, rows, columns, 1, ElementType.FLOAT);
            lab = new MergeLab(model, recipe);
            base = MergeLab.values(lab.basePlace);
            for (int i = 0; i < WEIGHTS.length; i++) {
                Path expert = lab.write(model.tuned(random));
                experts.add(expert);
                tuned.add(MergeLab.values(expert));
            }
        }

        Path offline() throws Exception {
            List<OfflineMerge.Expert> members = new ArrayList<>();
            for (int i = 0; i < WEIGHTS.length; i++) {
                members.add(lab.expert(experts.get(i), WEIGHTS[i]));
            }
            return lab.merge(members);
        }

        double term(int expert, String key, int element) {
            float before = MergeLab.weight(base, key)[element];
            float after = MergeLab.weight(tuned.get(expert), key)[element];
            return after == before ? 0 : WEIGHTS[expert] * ((double) after - before);
        }

        void requireMerged(Rule rule) throws Exception {
            Map<String, float[]> merged = MergeLab.values(offline());
            base.forEach((key, before) -> {
                for (int i = 0; i < before.length; i++) {
                    double[] terms = new double[WEIGHTS.length];
                    for (int e = 0; e < terms.length; e++) {
                        terms[e] = term(e, key, i);
                    }
                    if (Float.isFinite(before[i])) {
                        assertThat((double) MergeLab.weight(merged, key)[i])
                                .as("%s[%d]", key, i)
                                .isCloseTo(before[i] + rule.merged(terms), within(1e-5));
                    }
                }
            });
        }

        @Override
        public void close() throws Exception {
            lab.close();
        }
    }
}
