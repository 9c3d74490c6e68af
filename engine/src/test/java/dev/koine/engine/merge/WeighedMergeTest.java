package dev.koine.engine.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.Input;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.merge.method.RegMean;
import dev.koine.engine.merge.recipe.PolicyRule;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.recipe.Scale;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.statistics.Layer;
import dev.koine.engine.statistics.LayerInput;
import dev.koine.engine.statistics.LayerInputs;
import dev.koine.engine.statistics.LowRankGram;
import dev.koine.engine.statistics.Statistics;
import dev.koine.engine.statistics.StatisticsWriter;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.Precision;
import dev.koine.engine.tensor.ElementType;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** RegMean: what matrices come to is what the formula says, and everything else is as with any other method. */
class WeighedMergeTest {
    private static final double SCALE = 0.4;
    private static final Recipe WHOLE = Recipe.standard(new RegMean())
            .with(Scale.fixed(SCALE))
            .with(Precision.FLOAT32)
            .with(List.of(new PolicyRule("**", Policy.DENSE)));
    private static final double[] WEIGHTS = {1, 0.5, -0.25, 2};

    /** Three experts and a protected language. */
    private static final class Scene implements AutoCloseable {
        final TestModel model;
        final MergeLab lab;
        final List<Path> folders = new ArrayList<>();
        final List<Path> statistics = new ArrayList<>();
        final List<OfflineMerge.Expert> experts = new ArrayList<>();
        final List<OfflineMerge.ProtectedLanguage> languages;

        Scene(Random random, TestModel model, Recipe recipe) throws Exception {
            this.model = model;
            this.lab = new MergeLab(model, recipe);
            for (int i = 0; i < WEIGHTS.length; i++) {
                Path folder = Files.createTempDirectory(lab.directory, "statistics");
                statistics.add(RandomStatistics.write(folder, lab.base, lab.baseDigest, random));
                if (i < 3) {
                    folders.add(lab.write(model.tuned(random)));
                    experts.add(new OfflineMerge.Expert(folders.get(i), WEIGHTS[i]).weighedBy(statistics.get(i)));
                }
            }
            languages = List.of(
                    new OfflineMerge.ProtectedLanguage(new Input("The language xx"), statistics.get(3), WEIGHTS[3]));
        }

        Path merge() throws Exception {
            Path target = Files.createTempDirectory(lab.directory, "merged");
            lab.offline().merge(experts, languages, target);
            return target;
        }

        @Override
        public void close() throws Exception {
            lab.close();
        }
    }

    @Property(tries = 20)
    void matricesAreWhatTheFormulaSays(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        TestModel base = TestModel.random(random, 3 + random.nextInt(8), 3 + random.nextInt(80), 1, ElementType.FLOAT);
        try (Scene scene = new Scene(random, base, WHOLE)) {
            Map<String, float[]> merged = MergeLab.values(scene.merge());
            Map<String, float[]> before = MergeLab.values(scene.lab.basePlace);
            List<Map<String, float[]>> experts = new ArrayList<>();
            for (Path folder : scene.folders) {
                experts.add(MergeLab.values(folder));
            }
            List<String> weighed = new ArrayList<>();
            for (LayerInput input : LayerInputs.of(scene.lab.base)) {
                for (Layer layer : input.layers()) {
                    String key = layer.weight().key();
                    weighed.add(key);
                    double[] expected = formula(scene, input, layer.isOutputFirst(), experts, before, key);
                    assertUpdate(key, merged, before, expected);
                }
            }
            assertThat(weighed).anyMatch(key -> key.contains("conv")).anyMatch(key -> key.contains("up"));
            for (String key : merged.keySet()) {
                if (!weighed.contains(key) && !key.contains("mask")) {
                    double[] sum = new double[MergeLab.weight(before, key).length];
                    for (int i = 0; i < sum.length; i++) {
                        for (int e = 0; e < 3; e++) {
                            float delta = MergeLab.weight(experts.get(e), key)[i] - MergeLab.weight(before, key)[i];
                            sum[i] += SCALE * WEIGHTS[e] * delta;
                        }
                    }
                    assertUpdate(key, merged, before, sum);
                }
            }
        }
    }

    private static void assertUpdate(
            String key, Map<String, float[]> merged, Map<String, float[]> before, double[] expected) {
        double norm = 0;
        double error = 0;
        float[] base = MergeLab.weight(before, key);
        for (int i = 0; i < expected.length; i++) {
            double difference = (double) MergeLab.weight(merged, key)[i] - base[i] - expected[i];
            norm += expected[i] * expected[i];
            error += difference * difference;
        }
        double rounding = 1e-8 * Math.sqrt(expected.length);
        assertThat(Math.sqrt(error)).as(key).isLessThanOrEqualTo(1e-5 * Math.sqrt(norm) + rounding);
    }

    /** {@code (sum of |w| G + ridge)^-1 (sum of w G delta)} by elimination, for a matrix whose rows are the input's elements. */
    private static double[] formula(
            Scene scene,
            LayerInput input,
            boolean isOutputFirst,
            List<Map<String, float[]>> experts,
            Map<String, float[]> before,
            String key)
            throws Exception {
        int n = input.size();
        int other = MergeLab.weight(before, key).length / n;
        double[][] p = new double[n][n];
        double[][] q = new double[n][other];
        for (int e = 0; e < WEIGHTS.length; e++) {
            double[][] gram = full(scene.statistics.get(e), input);
            for (int i = 0; i < n; i++) {
                for (int k = 0; k < n; k++) {
                    p[i][k] += Math.abs(WEIGHTS[e]) * gram[i][k];
                    for (int j = 0; e < 3 && j < other; j++) {
                        int at = isOutputFirst ? j * n + k : k * other + j;
                        float delta = MergeLab.weight(experts.get(e), key)[at] - MergeLab.weight(before, key)[at];
                        q[i][j] += WEIGHTS[e] * gram[i][k] * delta;
                    }
                }
            }
        }
        double trace = 0;
        for (int i = 0; i < n; i++) {
            trace += p[i][i];
        }
        for (int i = 0; i < n; i++) {
            p[i][i] += 1e-3 * trace / n;
        }
        eliminate(p, q);
        double[] delta = new double[n * other];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < other; j++) {
                delta[isOutputFirst ? j * n + i : i * other + j] = q[i][j];
            }
        }
        return delta;
    }

    private static double[][] full(Path folder, LayerInput input) throws Exception {
        try (Statistics statistics = Statistics.open(folder.resolve(Statistics.FILE))) {
            LowRankGram gram = statistics.gram(input);
            int n = input.size();
            double[][] full = new double[n][n];
            for (int i = 0; i < n; i++) {
                full[i][i] = gram.diagonal()[i];
                for (int j = 0; j < n; j++) {
                    for (int k = 0; k < gram.rank(); k++) {
                        full[i][j] += (double) gram.factors()[k * n + i] * gram.factors()[k * n + j];
                    }
                }
            }
            return full;
        }
    }

    /** Solves {@code p x = q} in place of q, with pivots. */
    private static void eliminate(double[][] p, double[][] q) {
        int n = p.length;
        for (int k = 0; k < n; k++) {
            int pivot = k;
            for (int i = k; i < n; i++) {
                pivot = Math.abs(p[i][k]) > Math.abs(p[pivot][k]) ? i : pivot;
            }
            Collections.swap(Arrays.asList(p), k, pivot);
            Collections.swap(Arrays.asList(q), k, pivot);
            for (int i = 0; i < n; i++) {
                double factor = i == k ? 0 : p[i][k] / p[k][k];
                for (int j = k; j < n && factor != 0; j++) {
                    p[i][j] -= factor * p[k][j];
                }
                for (int j = 0; j < q[i].length && factor != 0; j++) {
                    q[i][j] -= factor * q[k][j];
                }
            }
        }
        for (int k = 0; k < n; k++) {
            for (int j = 0; j < q[k].length; j++) {
                q[k][j] /= p[k][k];
            }
        }
    }

    /** What a running model makes of the same members, in any order, with others that came and went, and restored. */
    @Property(tries = 8)
    void offlineAndRunningModelsAgree(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        Recipe recipe = Recipe.standard(new RegMean()).with(own -> own.withRank(2));
        try (Scene scene = new Scene(random, TestModel.random(random), recipe)) {
            MergeLab lab = scene.lab;
            String expected = Bundle.describe(scene.merge()).digest();
            List<Member> members = new ArrayList<>();
            for (int i = 0; i < WEIGHTS.length; i++) {
                Path folder = scene.statistics.get(i);
                String statistics = lab.store
                        .<RejectedException>putBundle(
                                copy -> Files.copy(folder.resolve(Statistics.FILE), copy.resolve(Statistics.FILE)))
                        .digest();
                List<String> pieces = i == 3
                        ? List.of()
                        : TaskVector.get(
                                        lab.store,
                                        lab.prune(scene.folders.get(i), 1).taskVector())
                                .pieces();
                TaskVector vector = new TaskVector(lab.baseDigest, "", pieces).weighedBy(statistics);
                members.add(new Member(vector.put(lab.store), WEIGHTS[i]));
            }
            Member passing = lab.prune(lab.write(scene.model.tuned(random)), 3);
            Collections.shuffle(members, random);
            try (RunningModel model = lab.open()) {
                model.add(passing);
                for (Member member : members) {
                    model.add(member);
                }
                model.subtract(passing);
                assertThat(lab.digest(model)).isEqualTo(expected);
            }
            try (RunningModel restored =
                    RunningModel.restore(lab.base, recipe, lab.store, lab.directory, lab.pool, members)) {
                assertThat(lab.digest(restored)).isEqualTo(expected);
            }
        }
    }

    /** A language alone changes nothing; beside an expert it holds back what its own inputs look like. */
    @Test
    void aProtectedLanguageAloneLeavesTheBase() throws Exception {
        TestModel base = TestModel.random(new Random(5));
        try (MergeLab lab = new MergeLab(base, Recipe.standard(new RegMean()));
                RunningModel model = lab.open()) {
            Member language = lab.protect(1, 1);
            model.add(language);
            assertThat(lab.digest(model)).isEqualTo(lab.baseDigest);
            Member expert = lab.prune(lab.write(base.tuned(new Random(6))), 1);
            model.add(expert);
            String both = lab.digest(model);
            model.subtract(language);
            String alone = lab.digest(model);
            assertThat(alone).isNotEqualTo(both);
            model.subtract(expert);
            assertThat(lab.digest(model)).isEqualTo(lab.baseDigest);
            model.add(expert);
            model.add(language);
            assertThat(lab.digest(model)).isEqualTo(both);
        }
    }

    /** Of both decoder files, whose weights are the same ones. */
    @Test
    void everyPlaceOfAWeightGetsTheSameUpdate() throws Exception {
        Random random = new Random(11);
        try (Scene scene = new Scene(random, TestModel.random(random), Recipe.standard(new RegMean()))) {
            Path merged = scene.merge();
            assertThat(merged.resolve(TestModel.DECODERS.get(0)))
                    .hasSameBinaryContentAs(merged.resolve(TestModel.DECODERS.get(1)));
            assertThat(Bundle.describe(merged).digest()).isNotEqualTo(scene.lab.baseDigest);
        }
    }

    @Test
    void refusesToProtectALanguageByAMethodThatWeighsNothing() throws Exception {
        Random random = new Random(3);
        try (Scene scene = new Scene(random, TestModel.random(random), Recipe.DEFAULT)) {
            assertThatThrownBy(scene::merge)
                    .isInstanceOf(RejectedException.class)
                    .hasMessageContaining("as REGMEAN does; this recipe's is COMPACT");
        }
    }

    @Test
    void refusesAnExpertWithoutStatistics() throws Exception {
        Random random = new Random(3);
        try (Scene scene = new Scene(random, TestModel.random(random), Recipe.standard(new RegMean()))) {
            List<OfflineMerge.Expert> experts = new ArrayList<>(scene.experts);
            experts.set(1, experts.get(1).weighedBy(null));
            Path target = Files.createTempDirectory(scene.lab.directory, "merged");
            assertThatThrownBy(() -> scene.lab.offline().merge(experts, target))
                    .isInstanceOfSatisfying(RejectedException.class, refusal -> assertThat(refusal.code())
                            .isEqualTo(RejectionCode.NO_STATISTICS))
                    .hasMessageContaining("koine statistics");
            assertThat(target).isEmptyDirectory();
        }
    }

    @Test
    void refusesStatisticsOfAnotherBase() throws Exception {
        Random random = new Random(4);
        try (Scene scene = new Scene(random, TestModel.random(random), Recipe.standard(new RegMean()))) {
            Path others = Files.createTempDirectory(scene.lab.directory, "statistics");
            RandomStatistics.write(others, scene.lab.base, "sha256:" + "0".repeat(64), random);
            OfflineMerge.Expert expert = scene.experts.get(0).weighedBy(others);
            Path target = Files.createTempDirectory(scene.lab.directory, "merged");
            assertThatThrownBy(() -> scene.lab.offline().merge(List.of(expert), target))
                    .isInstanceOfSatisfying(RejectedException.class, refusal -> assertThat(refusal.code())
                            .isEqualTo(RejectionCode.STATISTICS_MISMATCH));
        }
    }

    @Test
    void refusesStatisticsOfSilenceAndWeightsWithoutMeasure() throws Exception {
        Random random = new Random(4);
        try (Scene scene = new Scene(random, TestModel.random(random), Recipe.standard(new RegMean()))) {
            MergeLab lab = scene.lab;
            Path silent = Files.createTempDirectory(lab.directory, "statistics");
            StatisticsWriter writer = new StatisticsWriter(new Statistics.About(lab.baseDigest, "xx", 1, 1));
            for (LayerInput input : LayerInputs.of(lab.base)) {
                writer.add(input, new double[input.packedSize()]);
            }
            try (OutputStream out = Files.newOutputStream(silent.resolve(Statistics.FILE))) {
                writer.writeTo(out);
            }
            Path target = Files.createTempDirectory(lab.directory, "merged");
            assertThatThrownBy(() ->
                            lab.offline().merge(List.of(scene.experts.get(0).weighedBy(silent)), target))
                    .isInstanceOf(RejectedException.class)
                    .hasMessageContaining("The statistics (" + silent)
                    .hasMessageContaining("zero in every layer");
            try (RunningModel model = lab.open()) {
                Member expert = lab.prune(scene.folders.get(0), 1);
                model.add(expert);
                String before = lab.digest(model);
                for (double weight : new double[] {1e9, -1e9, Double.MAX_VALUE}) {
                    assertThatThrownBy(() -> model.add(lab.protect(1, weight)))
                            .isInstanceOfSatisfying(RejectedException.class, refusal -> assertThat(refusal.code())
                                    .isEqualTo(RejectionCode.TOTAL_OVERFLOW));
                }
                assertThat(lab.digest(model)).isEqualTo(before);
                model.add(lab.protect(1, 1e6));
                assertThat(lab.digest(model)).isNotEqualTo(before);
            }
        }
    }

    @Test
    void refusesToProtectWhereNothingIsWeighed() throws Exception {
        Random random = new Random(4);
        TestModel base = TestModel.random(random);
        try (Scene scene = new Scene(random, base, Recipe.standard(new RegMean()));
                MergeLab lab = new MergeLab(base, Recipe.DEFAULT)) {
            Path target = Files.createTempDirectory(lab.directory, "merged");
            assertThatThrownBy(() -> lab.offline().merge(scene.experts, scene.languages, target))
                    .isInstanceOf(RejectedException.class)
                    .hasMessageContaining("REGMEAN");
            assertThat(ModelBundle.open(scene.lab.basePlace).weights()).isNotEmpty();
        }
    }
}
