package dev.koine.engine.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.linalg.Grid;
import dev.koine.engine.merge.method.Accumulation;
import dev.koine.engine.merge.method.Elementwise;
import dev.koine.engine.merge.method.Finish;
import dev.koine.engine.merge.method.MergeMethod;
import dev.koine.engine.merge.method.Parameter;
import dev.koine.engine.merge.method.Parameters;
import dev.koine.engine.merge.method.TaskArithmetic;
import dev.koine.engine.merge.method.WholeMatrix;
import dev.koine.engine.merge.recipe.PolicyRule;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.recipe.Scale;
import dev.koine.engine.merge.recipe.Scaling;
import dev.koine.engine.merge.total.Deltas;
import dev.koine.engine.merge.total.MatrixDeltas;
import dev.koine.engine.merge.total.Sums;
import dev.koine.engine.merge.total.Totals;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.Weight;
import dev.koine.engine.tensor.WeightRole;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** That a new merge method is one class: two that only this test knows, through both ways of merging. */
class MethodSeamTest {
    private static final double[] WEIGHTS = {1, 0.5, -0.25};

    /** The mean of the addends that are not zero: a sum and a count, and a finish that looks at one element at a time. */
    private record MeanOfNonZero() implements MergeMethod, Accumulation, Elementwise {
        @Override
        public String name() {
            return "MEAN_OF_NON_ZERO";
        }

        @Override
        public String summary() {
            return "of tests";
        }

        @Override
        public List<Parameter> parameters() {
            return List.of(Parameter.DENSITY);
        }

        @Override
        public Policy compress(WeightRole role) {
            return Policy.SPARSE;
        }

        @Override
        public Accumulation accumulate() {
            return this;
        }

        @Override
        public List<Plane> planes() {
            return List.of(Plane.SUM, Plane.COUNT);
        }

        @Override
        public void split(float[] values, int count, double factor, float[][] addends) {
            for (int i = 0; i < count; i++) {
                addends[0][i] = values[i];
                addends[1][i] = values[i] == 0 ? 0 : 1;
            }
        }

        @Override
        public Finish finish(WeightRole role, Parameters parameters) {
            return this;
        }

        @Override
        public void finish(double[][] totals, int count) {
            for (int i = 0; i < count; i++) {
                totals[0][i] = totals[1][i] == 0 ? 0 : totals[0][i] / totals[1][i];
            }
        }

        @Override
        public boolean isMean() {
            return true;
        }
    }

    /** Makes all rows of a merged attention or MLP matrix as long as they are on average: no row can be known without all others. */
    private record EqualRows(AtomicInteger inMemory, AtomicInteger matrices) implements MergeMethod, WholeMatrix {
        EqualRows() {
            this(new AtomicInteger(), new AtomicInteger());
        }

        @Override
        public String name() {
            return "EQUAL_ROWS";
        }

        @Override
        public String summary() {
            return "of tests";
        }

        @Override
        public List<Parameter> parameters() {
            return List.of();
        }

        @Override
        public Policy compress(WeightRole role) {
            return Policy.DENSE;
        }

        @Override
        public Finish finish(WeightRole role, Parameters parameters) {
            return role == WeightRole.LINEAR ? this : Elementwise.SUM;
        }

        @Override
        public void finish(double[] delta, int rows, int columns) {
            assertThat(inMemory.incrementAndGet()).isEqualTo(1);
            matrices.incrementAndGet();
            double[] norms = norms(delta, rows, columns);
            double mean = 0;
            for (double norm : norms) {
                mean += norm / rows;
            }
            for (int i = 0; i < delta.length; i++) {
                double norm = norms[i / columns];
                delta[i] = norm == 0 ? 0 : delta[i] / norm * mean;
            }
            inMemory.decrementAndGet();
        }

        static double[] norms(double[] matrix, int rows, int columns) {
            double[] norms = new double[rows];
            for (int row = 0; row < rows; row++) {
                double square = 0;
                for (int i = row * columns; i < (row + 1) * columns; i++) {
                    square += matrix[i] * matrix[i];
                }
                norms[row] = Math.sqrt(square);
            }
            return norms;
        }
    }

    /** Changes a merged matrix in a way that a test gives; all weights are matrices to it. */
    private record Whole(WholeMatrix finish) implements MergeMethod {
        @Override
        public String name() {
            return "WHOLE";
        }

        @Override
        public String summary() {
            return "of tests";
        }

        @Override
        public List<Parameter> parameters() {
            return List.of();
        }

        @Override
        public Policy compress(WeightRole role) {
            return Policy.DENSE;
        }

        @Override
        public Finish finish(WeightRole role, Parameters parameters) {
            return finish;
        }
    }

    @ParameterizedTest
    @CsvSource({"0.3", "norm", "norm:0.4"})
    void aMethodOfSumsAndCountsMergesBothWaysAndInAnyOrder(String scale) throws Exception {
        requireOneResult(Recipe.PUBLISHED.with(new MeanOfNonZero()).with(Scale.parse(scale)), 6, 8);
    }

    @ParameterizedTest
    @CsvSource({"0.3", "norm", "norm:0.4", "1/n"})
    void aMethodOfWholeMatricesMergesBothWaysAndInAnyOrder(String scale) throws Exception {
        EqualRows method = new EqualRows();
        requireOneResult(Recipe.PUBLISHED.with(method).with(Scale.parse(scale)), 40, 700);
        assertThat(method.matrices()).hasPositiveValue();
    }

    private static void requireOneResult(Recipe recipe, int width, int hidden) throws Exception {
        Random random = new Random(5);
        TestModel base = TestModel.random(random, width, hidden, 1, ElementType.FLOAT, ElementType.FLOAT16);
        try (MergeLab lab = new MergeLab(base, recipe.validated());
                RunningModel model = lab.open()) {
            List<OfflineMerge.Expert> experts = new ArrayList<>();
            List<Member> members = new ArrayList<>();
            for (double weight : WEIGHTS) {
                Path expert = lab.write(base.tuned(random));
                experts.add(new OfflineMerge.Expert(expert, weight));
                members.add(lab.prune(expert, weight));
            }
            model.add(members.get(2));
            model.add(members.get(0));
            String withoutOne = lab.digest(model);
            model.add(members.get(1));
            String all = lab.digest(model);
            assertThat(all).isNotEqualTo(withoutOne).isNotEqualTo(lab.baseDigest);
            assertThat(Bundle.describe(lab.merge(experts)).digest()).isEqualTo(all);
            try (RunningModel restored =
                    RunningModel.restore(lab.base, recipe, lab.store, lab.directory, lab.pool, members)) {
                assertThat(lab.digest(restored)).isEqualTo(all);
            }
            model.subtract(members.get(1));
            assertThat(lab.digest(model)).isEqualTo(withoutOne);
            model.subtract(members.get(0));
            model.subtract(members.get(2));
            assertThat(lab.digest(model)).isEqualTo(lab.baseDigest);
        }
    }

    @Test
    void aFinishOfElementsIsWhatItsClassSays() throws Exception {
        Recipe recipe = Recipe.PUBLISHED
                .with(new MeanOfNonZero())
                .with(own -> own.withDensity(1))
                .with(Scale.fixed(0.5));
        requireMerged(recipe, (weight, terms) -> {
            double[] merged = new double[terms.get(0).length];
            for (int i = 0; i < merged.length; i++) {
                int count = 0;
                for (double[] term : terms) {
                    merged[i] += 0.5 * term[i];
                    count += term[i] == 0 ? 0 : 1;
                }
                merged[i] /= Math.max(1, count);
            }
            return merged;
        });
    }

    @Test
    void aFinishOfWholeMatricesIsWhatItsClassSays() throws Exception {
        Recipe recipe = Recipe.PUBLISHED.with(new EqualRows()).with(Scale.fixed(0.5));
        requireMerged(recipe, (weight, terms) -> {
            double[] merged = new double[terms.get(0).length];
            for (double[] term : terms) {
                for (int i = 0; i < merged.length; i++) {
                    merged[i] += 0.5 * term[i];
                }
            }
            if (weight.role() == WeightRole.LINEAR) {
                int rows = Math.toIntExact(weight.tensor().shape().get(0));
                int columns = merged.length / rows;
                double[] norms = EqualRows.norms(merged, rows, columns);
                double mean = 0;
                for (double norm : norms) {
                    mean += norm / rows;
                }
                for (int i = 0; i < merged.length; i++) {
                    merged[i] *= norms[i / columns] == 0 ? 0 : mean / norms[i / columns];
                }
            }
            return merged;
        });
    }

    @FunctionalInterface
    private interface Rule {
        double[] merged(Weight weight, List<double[]> terms);
    }

    private static void requireMerged(Recipe recipe, Rule rule) throws Exception {
        Random random = new Random(3);
        TestModel base = TestModel.random(random, 6, 8, 1, ElementType.FLOAT);
        try (MergeLab lab = new MergeLab(base, recipe)) {
            List<OfflineMerge.Expert> experts = new ArrayList<>();
            List<Map<String, float[]>> tuned = new ArrayList<>();
            for (double weight : WEIGHTS) {
                experts.add(new OfflineMerge.Expert(lab.write(base.tuned(random)), weight));
                tuned.add(MergeLab.values(experts.get(experts.size() - 1).directory()));
            }
            Map<String, float[]> merged = MergeLab.values(lab.merge(experts));
            Map<String, float[]> before = MergeLab.values(lab.basePlace);
            Map<String, Weight> weights = new LinkedHashMap<>();
            lab.base.weights().forEach(weight -> weights.put(weight.key(), weight));
            weights.forEach((key, weight) -> {
                float[] was = Objects.requireNonNull(before.get(key));
                List<double[]> terms = new ArrayList<>();
                for (int e = 0; e < WEIGHTS.length; e++) {
                    double[] term = new double[was.length];
                    for (int i = 0; i < term.length; i++) {
                        float after = Objects.requireNonNull(tuned.get(e).get(key))[i];
                        term[i] = after == was[i] ? 0 : WEIGHTS[e] * ((double) after - was[i]);
                    }
                    terms.add(term);
                }
                double[] expected = rule.merged(weight, terms);
                for (int i = 0; i < was.length; i++) {
                    if (Float.isFinite(was[i])) {
                        assertThat((double) Objects.requireNonNull(merged.get(key))[i])
                                .as("%s[%d]", key, i)
                                .isCloseTo(was[i] + expected[i], within(1e-5));
                    }
                }
            });
        }
    }

    @Test
    void aWholeMatrixThatIsLeftAloneIsTheSumToTheBit() throws Exception {
        Recipe sum = Recipe.PUBLISHED.with(new TaskArithmetic()).with(Scale.fixed(0.3));
        Random random = new Random(9);
        TestModel base = TestModel.random(random, 40, 700, 1, ElementType.FLOAT, ElementType.BFLOAT16);
        TestModel expert = base.tuned(random);
        List<String> digests = new ArrayList<>();
        for (Recipe recipe : List.of(sum, sum.with(new Whole((delta, rows, columns) -> {})))) {
            try (MergeLab lab = new MergeLab(base, recipe)) {
                Path merged = lab.merge(List.of(new OfflineMerge.Expert(lab.write(expert), 0.7)));
                digests.add(Bundle.describe(merged).digest());
            }
        }
        assertThat(digests.get(1)).isEqualTo(digests.get(0));
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e39, Double.NaN, Double.NEGATIVE_INFINITY})
    void aFinishThatLeavesTheRangeIsRefusedWhenItIsWrittenAndWhatIsInsideStays(double value) throws Exception {
        WholeMatrix far = (delta, rows, columns) -> delta[delta.length - 1] = value;
        Recipe recipe = Recipe.PUBLISHED.with(new Whole(far)).with(Scale.fixed(1));
        Random random = new Random(4);
        TestModel base = TestModel.random(random, 6, 8, 1, ElementType.FLOAT);
        try (MergeLab lab = new MergeLab(base, recipe);
                RunningModel model = lab.open()) {
            Member member = lab.prune(lab.write(base.tuned(random)), 1);
            model.add(member);
            assertThatThrownBy(() -> lab.digest(model))
                    .isInstanceOfSatisfying(RejectedException.class, refusal -> assertThat(refusal.code())
                            .isEqualTo(RejectionCode.TOTAL_OVERFLOW));
            model.subtract(member);
            assertThat(lab.digest(model)).isEqualTo(lab.baseDigest);
        }
    }

    @Test
    void anElementwiseFinishThatLeavesTheRangeIsRefusedWhenTheExpertIsAdded() throws Exception {
        Recipe recipe = Recipe.PUBLISHED
                .with(new FarAway())
                .with(own -> own.withDensity(1))
                .with(Scale.fixed(1));
        Random random = new Random(4);
        TestModel base = TestModel.random(random, 6, 8, 1, ElementType.FLOAT);
        try (MergeLab lab = new MergeLab(base, recipe);
                RunningModel model = lab.open()) {
            Member member = lab.prune(lab.write(base.tuned(random)), 1);
            assertThatThrownBy(() -> model.add(member))
                    .isInstanceOfSatisfying(RejectedException.class, refusal -> assertThat(refusal.code())
                            .isEqualTo(RejectionCode.TOTAL_OVERFLOW));
            assertThat(lab.digest(model)).isEqualTo(lab.baseDigest);
        }
    }

    private record FarAway() implements MergeMethod {
        @Override
        public String name() {
            return "FAR_AWAY";
        }

        @Override
        public String summary() {
            return "of tests";
        }

        @Override
        public List<Parameter> parameters() {
            return List.of();
        }

        @Override
        public Policy compress(WeightRole role) {
            return Policy.DENSE;
        }

        @Override
        public Finish finish(WeightRole role, Parameters parameters) {
            Elementwise far = (totals, count) -> {
                for (int i = 0; i < count; i++) {
                    totals[0][i] *= 1e60;
                }
            };
            return far;
        }
    }

    @Test
    void aMatrixLargerThanAnArrayIsRefusedUnlessItIsFrozen() throws Exception {
        TensorInfo large =
                new TensorInfo("large", ElementType.FLOAT, List.of(1L << 16, 1L << 16), Path.of("m.onnx"), 0, 1L << 34);
        Weight weight = new Weight("m.onnx/large", large, "m.onnx:/large:1", WeightRole.LINEAR);
        Recipe whole = Recipe.PUBLISHED.with(new EqualRows());
        Sums none = Totals.create(Path.of(System.getProperty("java.io.tmpdir")), List.of());
        assertThatThrownBy(() -> new Deltas(List.of(weight), List.of(new Grid(1)), none, MatrixDeltas.NONE, whole))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("more than EQUAL_ROWS can take as one matrix");
        Recipe frozen = whole.with(List.of(new PolicyRule("**", Policy.FROZEN)));
        assertThat(new Deltas(List.of(weight), List.of(new Grid(1)), none, MatrixDeltas.NONE, frozen).isWhole(0))
                .isFalse();
        none.close();
    }

    @Test
    void scalesThatAskForASumAreRefused() {
        for (Recipe recipe : List.of(
                Recipe.PUBLISHED.with(new EqualRows()).with(Scale.of(Scaling.MODEL_STOCK, 1)),
                Recipe.PUBLISHED.with(new MeanOfNonZero()).with(Scale.of(Scaling.PER_EXPERT, 1)))) {
            assertThatThrownBy(recipe::validated)
                    .isInstanceOf(RejectedException.class)
                    .hasMessageContaining("The recipe's scale");
        }
    }
}
