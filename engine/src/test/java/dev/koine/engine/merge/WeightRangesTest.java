package dev.koine.engine.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.merge.method.MergeMethod;
import dev.koine.engine.merge.method.TaskArithmetic;
import dev.koine.engine.merge.prune.Unchanged;
import dev.koine.engine.merge.recipe.PolicyRule;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.recipe.Scale;
import dev.koine.engine.merge.total.Written;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.WeightRole;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Variances stay in their range, tiny tensors may grow, lost updates are told, and experts that change nothing are refused. */
class WeightRangesTest {
    private static final Recipe WHOLE =
            Recipe.PUBLISHED.with(new TaskArithmetic()).with(Scale.fixed(1));

    @TempDir
    Path folder;

    private Path write(NormalizedModel model) throws Exception {
        return model.write(Files.createTempDirectory(folder, "model"));
    }

    @ParameterizedTest
    @MethodSource("dev.koine.engine.merge.MergeMethodsTest#methodsAndScales")
    void variancesStayInTheirRangeAndARetractionGivesTheBytesBack(MergeMethod method, String scale) throws Exception {
        Random random = new Random(7);
        NormalizedModel base = NormalizedModel.random(random, ElementType.FLOAT);
        List<Path> experts = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            experts.add(write(base.tuned(random, 0.02)));
        }
        check(base, experts, Recipe.PUBLISHED.with(method).with(Scale.parse(scale.equals("0.3") ? "0.9" : scale)));
    }

    @ParameterizedTest
    @MethodSource("dev.koine.engine.merge.MergeMethodsTest#methodsAndScales")
    void tensorsNearZeroMayMoveFarInAnyOrder(MergeMethod method, String scale) throws Exception {
        Random random = new Random(8);
        NormalizedModel base = NormalizedModel.random(random, ElementType.FLOAT)
                .with("scale", filled(1e-6f))
                .with("shift", filled(-1e-4f));
        List<Path> experts = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            experts.add(write(base.tuned(random, 0.02)));
        }
        check(base, experts, Recipe.PUBLISHED.with(method).with(Scale.parse(scale)));
    }

    private static float[] filled(float value) {
        float[] values = new float[NormalizedModel.WIDTH];
        Arrays.fill(values, value);
        return values;
    }

    /** In any order, one by one or all at once, and with a detour: the same bytes, with variances in range. */
    private void check(NormalizedModel base, List<Path> experts, Recipe recipe) throws Exception {
        try (MergeLab lab = new MergeLab(write(base), recipe, 2);
                RunningModel model = lab.open();
                RunningModel shuffled = lab.open()) {
            List<Member> members = new ArrayList<>();
            List<OfflineMerge.Expert> offline = new ArrayList<>();
            for (Path expert : experts) {
                members.add(lab.prune(expert, 1));
                offline.add(lab.expert(expert, 1));
            }
            List<String> digests = new ArrayList<>();
            for (Member member : members) {
                digests.add(lab.digest(model));
                model.add(member);
            }
            Path target = Files.createTempDirectory(folder, "version");
            Written written = model.write(target, model.scales(), Progress.NONE);
            Path atOnce = Files.createTempDirectory(folder, "merged");
            assertThat(lab.offline().merge(offline, atOnce).raised()).isEqualTo(written.raised());
            assertThat(Bundle.describe(atOnce).digest()).isEqualTo(lab.digest(model));
            requireVariancesInRange(base, MergeLab.values(target));
            List<Member> order = new ArrayList<>(members);
            Collections.shuffle(order, new Random(3));
            for (Member member : order) {
                shuffled.add(member);
            }
            assertThat(lab.digest(shuffled)).isEqualTo(lab.digest(model));
            for (int i = members.size() - 1; i >= 0; i--) {
                model.subtract(members.get(i));
                assertThat(lab.digest(model)).isEqualTo(digests.get(i));
            }
        }
    }

    private static String digestOf(Path bundle) throws Exception {
        return Bundle.describe(bundle).digest();
    }

    private static void requireVariancesInRange(NormalizedModel base, Map<String, float[]> merged) {
        for (String name : List.of("variance", "spelled")) {
            float[] before = MergeLab.weight(base.tensors(), name);
            float[] after = MergeLab.weight(merged, "model.onnx/" + name);
            for (int i = 0; i < before.length; i++) {
                assertThat(after[i]).isGreaterThanOrEqualTo(before[i] / 16);
            }
        }
    }

    @Test
    void anExpertsOwnVariancesComeOutAsTheyAre() throws Exception {
        Random random = new Random(9);
        NormalizedModel base = NormalizedModel.random(random, ElementType.FLOAT);
        float[] tenth = MergeLab.weight(base.tensors(), "variance").clone();
        float[] hundredth = MergeLab.weight(base.tensors(), "spelled").clone();
        for (int i = 0; i < tenth.length; i++) {
            tenth[i] /= 10;
            hundredth[i] /= 100;
        }
        NormalizedModel expert = base.with("variance", tenth).with("spelled", hundredth);
        try (MergeLab lab = new MergeLab(write(base), WHOLE, 1)) {
            Path target = Files.createTempDirectory(folder, "merged");
            Written written = lab.offline().merge(List.of(new OfflineMerge.Expert(write(expert), 1)), target);
            assertThat(written.raised()).isEqualTo(NormalizedModel.WIDTH);
            assertThat(written.share()).isEmpty();
            Map<String, float[]> merged = MergeLab.values(target);
            for (int i = 0; i < tenth.length; i++) {
                assertThat(MergeLab.weight(merged, "model.onnx/variance")[i]).isCloseTo(tenth[i], within(1e-6f));
                assertThat(MergeLab.weight(merged, "model.onnx/spelled")[i])
                        .isEqualTo(MergeLab.weight(base.tensors(), "spelled")[i] / 16);
            }
        }
    }

    @Test
    void equalValuesOfAVarianceAndAGainAreWrittenApart() throws Exception {
        float[] ones = filled(1);
        float[] small = filled(0.01f);
        NormalizedModel base = NormalizedModel.random(new Random(1), ElementType.FLOAT)
                .with("gain", ones)
                .with("variance", ones);
        NormalizedModel expert = base.with("gain", small).with("variance", small);
        try (MergeLab lab = new MergeLab(write(base), WHOLE, 1);
                RunningModel model = lab.open()) {
            Path atOnce = lab.merge(List.of(new OfflineMerge.Expert(write(expert), 1)));
            Map<String, float[]> merged = MergeLab.values(atOnce);
            assertThat(MergeLab.weight(merged, "model.onnx/gain")[0]).isCloseTo(0.01f, within(1e-6f));
            assertThat(MergeLab.weight(merged, "model.onnx/variance")[0]).isEqualTo(1f / 16);
            model.add(lab.prune(write(expert), 1));
            assertThat(lab.digest(model)).isEqualTo(digestOf(atOnce));
        }
    }

    @Test
    void whatTheElementTypeTakesOfAnUpdateIsMeasured() throws Exception {
        Random random = new Random(2);
        NormalizedModel base = NormalizedModel.random(random, ElementType.BFLOAT16);
        float[] w = MergeLab.weight(base.tensors(), "w");
        float[] nudged = w.clone();
        float[] pushed = w.clone();
        for (int i = 0; i < w.length; i++) {
            nudged[i] = w[i] * (1 + 1f / 128);
            pushed[i] = w[i] * 2;
        }
        Recipe recipe = WHOLE.with(Scale.fixed(0.2));
        try (MergeLab lab = new MergeLab(write(base), recipe, 2);
                RunningModel model = lab.open()) {
            Path steps = write(base.with("w", nudged));
            Path leaps = write(base.with("w", pushed));
            Path target = Files.createTempDirectory(folder, "merged");
            Written lost = lab.offline().merge(List.of(new OfflineMerge.Expert(steps, 1)), target);
            assertThat(lost.share().orElseThrow()).isLessThan(0.2);
            assertThat(Written.isLittle(lost.share().orElseThrow())).isTrue();
            model.add(lab.prune(steps, 1));
            Written again = model.write(Files.createTempDirectory(folder, "version"), model.scales(), Progress.NONE);
            assertThat(again.share().orElseThrow()).isCloseTo(lost.share().orElseThrow(), within(1e-9));
            Path other = Files.createTempDirectory(folder, "merged");
            Written kept = lab.offline().merge(List.of(new OfflineMerge.Expert(leaps, 1)), other);
            assertThat(kept.share().orElseThrow()).isCloseTo(1, within(0.02));
            assertThat(Written.isLittle(kept.share().orElseThrow())).isFalse();
        }
    }

    @Test
    void theStepsThatRoundingKeepsAreThoseOfTheDocumentation() {
        Random random = new Random(4);
        int count = 200_000;
        float[] before = filled(count, 1.5f);
        for (double[] sample : new double[][] {{0.2, 0.175}, {0.3, 0.66}, {0.4, 0.91}, {0.5, 1}}) {
            float[] after = new float[count];
            for (int i = 0; i < count; i++) {
                after[i] = (float) (1.5 + sample[0] * random.nextGaussian() / 128);
            }
            Written written = Written.of(ElementType.BFLOAT16, before, after, 0, count, 0);
            assertThat(written.share().orElseThrow()).isCloseTo(sample[1], within(0.02));
        }
    }

    private static float[] filled(int count, float value) {
        float[] values = new float[count];
        Arrays.fill(values, value);
        return values;
    }

    @Test
    void anExpertThatChangesNothingIsRefused() throws Exception {
        NormalizedModel base = NormalizedModel.random(new Random(5), ElementType.FLOAT);
        NormalizedModel negativeZero = base.with("shift", filled(0));
        NormalizedModel zero = base.with("shift", filled(-0f));
        requireUnchanged(base, base, WHOLE, "every one of 8", "merge_and_unload");
        requireUnchanged(negativeZero, zero, WHOLE, "every one of 8");
        Recipe frozen = WHOLE.with(List.of(new PolicyRule("**:/scale:*", Policy.FROZEN)));
        NormalizedModel moved = base.with("scale", filled(0.7f));
        requireUnchanged(base, moved, frozen, "only in weights that the recipe freezes, such as scale");
        Unchanged.refuse(Alignment.of(ModelBundle.open(write(base)), ModelBundle.open(write(moved))), WHOLE);
    }

    private void requireUnchanged(NormalizedModel base, NormalizedModel expert, Recipe recipe, String... words)
            throws Exception {
        try (MergeLab lab = new MergeLab(write(base), recipe, 1)) {
            List<OfflineMerge.Expert> experts = List.of(new OfflineMerge.Expert(write(expert), 1));
            RejectedException refusal = catchThrowableOfType(RejectedException.class, () -> lab.merge(experts));
            assertThat(refusal.code()).isEqualTo(RejectionCode.UNCHANGED);
            assertThat(refusal).hasMessageContainingAll(words);
            Path again = Files.createTempDirectory(folder, "again");
            lab.offline().mergeAgain(experts, List.of(), again);
            assertThat(digestOf(again)).isEqualTo(lab.baseDigest);
        }
    }

    @Test
    void rolesAreThoseOfTheGraph() throws Exception {
        ModelBundle bundle = ModelBundle.open(write(NormalizedModel.random(new Random(6), ElementType.FLOAT)));
        assertThat(bundle.weights())
                .filteredOn(weight -> weight.role() == WeightRole.VARIANCE)
                .extracting(weight -> weight.tensor().name())
                .containsExactly("variance", "spelled");
    }
}
