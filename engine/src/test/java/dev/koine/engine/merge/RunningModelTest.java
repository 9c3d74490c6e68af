package dev.koine.engine.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.merge.method.MergeMethod;
import dev.koine.engine.merge.method.MergeMethods;
import dev.koine.engine.merge.method.Parameter;
import dev.koine.engine.merge.method.Parameters;
import dev.koine.engine.merge.prune.PruneItem;
import dev.koine.engine.merge.prune.PrunePlan;
import dev.koine.engine.merge.prune.PruneTask;
import dev.koine.engine.merge.prune.TensorPruner;
import dev.koine.engine.merge.recipe.PolicyRule;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.recipe.Scale;
import dev.koine.engine.merge.recipe.Scaling;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.Precision;
import dev.koine.engine.tensor.ElementType;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** A version is a function of base, recipe and the members inside, whatever happened before. */
class RunningModelTest {
    private static final int EXPERTS = 4;
    private static final Recipe RECIPE = new Recipe(2, 0.3, 0.4, Precision.FLOAT32, List.of());

    /** A step from 0 on takes an expert in, or out if it is inside; {@code EXPERTS} puts one in the place of another. */
    @Property(tries = 60)
    void aVersionDependsOnTheMembersInsideAlone(
            @ForAll long seed, @ForAll @Size(min = 1, max = 8) List<@IntRange(max = EXPERTS) Integer> history)
            throws Exception {
        Random random = new Random(seed);
        TestModel base = TestModel.random(random);
        try (MergeLab lab = new MergeLab(base, recipe(random));
                RunningModel model = lab.open()) {
            List<Member> experts = new ArrayList<>();
            for (int i = 0; i < EXPERTS; i++) {
                experts.add(lab.prune(lab.write(base.tuned(random)), random.nextGaussian()));
            }
            Map<Set<Member>, String> versions = new HashMap<>(Map.of(Set.of(), lab.baseDigest));
            Set<Member> inside = new HashSet<>();
            for (int step : history) {
                take(step, experts, inside, model);
                String digest = lab.digest(model);
                assertThat(versions.merge(Set.copyOf(inside), digest, (known, now) -> known))
                        .isEqualTo(digest);
            }
            for (int i = 0; i < 2; i++) {
                List<Member> order = new ArrayList<>(inside);
                Collections.shuffle(order, random);
                try (RunningModel scratch = lab.open()) {
                    for (Member member : order) {
                        scratch.add(member);
                    }
                    assertThat(lab.digest(scratch)).isEqualTo(versions.get(inside));
                }
            }
            for (Member member : inside) {
                model.subtract(member);
            }
            assertThat(lab.digest(model)).isEqualTo(lab.baseDigest);
        }
    }

    private static void take(int step, List<Member> experts, Set<Member> inside, RunningModel model) throws Exception {
        if (step < EXPERTS) {
            Member expert = experts.get(step);
            if (inside.remove(expert)) {
                model.subtract(expert);
            } else {
                inside.add(expert);
                model.add(expert);
            }
        } else if (!inside.isEmpty() && inside.size() < EXPERTS) {
            Member old = experts.stream().filter(inside::contains).findFirst().orElseThrow();
            Member replacement = experts.stream()
                    .filter(e -> !inside.contains(e))
                    .findFirst()
                    .orElseThrow();
            model.replace(old, replacement);
            inside.remove(old);
            inside.add(replacement);
        }
    }

    /** Any method with any scale that it goes with. */
    private static Recipe recipe(Random random) throws RejectedException {
        List<MergeMethod> methods = MergeMethods.all();
        MergeMethod method = methods.get(random.nextInt(methods.size()));
        boolean mayKeepNothing = !method.parameters().contains(Parameter.DENSITY_OVER_ZERO);
        double density = mayKeepNothing && random.nextInt(4) == 0 ? 0 : 1 - random.nextDouble();
        Scale number = Scale.fixed(random.nextGaussian());
        List<Scale> scales = method.isSum()
                ? List.of(
                        number,
                        Scale.of(Scaling.PER_EXPERT, 1.5),
                        Scale.of(Scaling.NORM, 0.75),
                        Scale.of(Scaling.NORM, 1).atMost(0.5),
                        Scale.of(Scaling.PER_EXPERT, 1).atMost(0.4),
                        Scale.of(Scaling.MODEL_STOCK, 1))
                : List.of(number, Scale.of(Scaling.NORM, 0.75));
        Parameters parameters = new Parameters(
                random.nextInt(4), density, random.nextLong(), random.nextBoolean() ? 0 : random.nextDouble());
        return new Recipe(
                        method,
                        parameters,
                        scales.get(random.nextInt(scales.size())),
                        Precision.values()[random.nextInt(Precision.values().length)],
                        List.of())
                .validated();
    }

    /** The broken expert's task vector lies in one piece a tensor, of which many are added before one is refused. */
    @Property(tries = 12)
    void aRefusedMemberLeavesNoTrace(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        TestModel base = TestModel.random(random);
        try (MergeLab lab = new MergeLab(base, RECIPE);
                RunningModel model = lab.open()) {
            Member healthy = lab.prune(lab.write(base.tuned(random)), 1);
            Member other = lab.prune(lab.write(base.tuned(random)), -2);
            Path sick = lab.write(broken(base, random));
            Member inOnePiece = lab.prune(sick, 1);
            Member inManyPieces = new Member(prunedPieceByPiece(lab, sick), 1);

            model.add(healthy);
            String before = lab.digest(model);
            for (Member broken : List.of(inOnePiece, inManyPieces)) {
                requireOverflow(() -> model.add(broken));
                assertThat(lab.digest(model)).isEqualTo(before);
                requireOverflow(() -> model.replace(healthy, broken));
                assertThat(lab.digest(model)).isEqualTo(before);
            }
            model.add(other);
            try (RunningModel scratch = lab.open()) {
                scratch.add(other);
                scratch.add(healthy);
                assertThat(lab.digest(model)).isEqualTo(lab.digest(scratch));
            }
            model.subtract(healthy);
            model.subtract(other);
            assertThat(lab.digest(model)).isEqualTo(lab.baseDigest);
        }
    }

    /** A fine-tune with one entry far out of its range. */
    private static TestModel broken(TestModel base, Random random) {
        List<String> names = new ArrayList<>(base.tensors().keySet());
        names.remove("mask");
        names.removeIf(name -> base.tensor(name).type() == ElementType.FLOAT16);
        String name = names.get(random.nextInt(names.size()));
        float[] values = base.tensor(name).values().clone();
        values[random.nextInt(values.length)] = 1e12f;
        return base.tuned(random).with(name, values);
    }

    private static String prunedPieceByPiece(MergeLab lab, Path expert) throws RejectedException, IOException {
        List<String> pieces = new ArrayList<>();
        for (PruneTask task :
                PrunePlan.of(Alignment.of(lab.base, ModelBundle.open(expert)).weights(), lab.recipe)) {
            for (PruneItem item : task.items()) {
                pieces.add(new TensorPruner(lab.recipe).prune(new PruneTask(pieces.size(), List.of(item)), lab.store));
            }
        }
        return new TaskVector(lab.baseDigest, Bundle.describe(expert).digest(), pieces).put(lab.store);
    }

    private static void requireOverflow(ThrowingCallable call) {
        assertThat(catchThrowableOfType(RejectedException.class, call).code()).isEqualTo(RejectionCode.TOTAL_OVERFLOW);
    }

    @Test
    void anOverflowInALaterChunkOfALargeTensorLeavesNoTrace() throws Exception {
        TestModel base = TestModel.random(new Random(1), 300, 320, 1, ElementType.FLOAT);
        Recipe dense = new Recipe(0, 1, 1, Precision.FLOAT32, List.of(new PolicyRule("**", Policy.DENSE)));
        try (MergeLab lab = new MergeLab(base, dense);
                RunningModel model = lab.open()) {
            model.add(lab.prune(lab.write(base.tuned(new Random(2))), 1));
            String before = lab.digest(model);
            float[] values = base.tensor("encoder.0.up").values().clone();
            values[values.length - 10] = 1000;
            Member broken = lab.prune(lab.write(base.tuned(new Random(3)).with("encoder.0.up", values)), 1);
            requireOverflow(() -> model.add(broken));
            assertThat(lab.digest(model)).isEqualTo(before);
        }
    }

    @Test
    void aWeightThatIsNoNumberIsRefused() throws Exception {
        TestModel base = TestModel.random(new Random(5));
        try (MergeLab lab = new MergeLab(base, RECIPE);
                RunningModel model = lab.open()) {
            Path expert = lab.write(base.tuned(new Random(6)));
            for (double weight : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
                Member member = lab.prune(expert, weight);
                assertThat(catchThrowableOfType(RejectedException.class, () -> model.add(member))
                                .code())
                        .isEqualTo(RejectionCode.NON_FINITE);
            }
            assertThat(lab.digest(model)).isEqualTo(lab.baseDigest);
        }
    }

    @Test
    void aMergedWeightBeyondItsElementTypeIsRefused() throws Exception {
        TestModel small = TestModel.random(new Random(12), 4, 5, 1, ElementType.FLOAT16);
        float[] values = small.tensor("encoder.0.up").values().clone();
        values[3] = 40_000;
        values[4] = Float.NEGATIVE_INFINITY;
        TestModel base = small.with("encoder.0.up", values);
        values[3] = 64_000;
        Recipe recipe = new Recipe(0, 1, 1, Precision.FLOAT32, List.of());
        try (MergeLab lab = new MergeLab(base, recipe);
                RunningModel model = lab.open()) {
            Path expert = lab.write(base.with("encoder.0.up", values));
            Member once = lab.prune(expert, 1);
            Member back = lab.prune(expert, -0.95);
            model.add(once);
            String before = lab.digest(model);
            assertThat(catchThrowableOfType(RejectedException.class, () -> model.add(once)))
                    .hasMessageContaining("Element 3 of encoder.onnx/encoder.0.up would be 88000.0")
                    .hasMessageContaining("FLOAT16 ends at 65504");
            assertThat(lab.digest(model)).isEqualTo(before);
            model.add(back);
            model.add(once);
            requireOverflow(() -> model.subtract(back));
            model.subtract(once);
            model.subtract(back);
            assertThat(lab.digest(model)).isEqualTo(before);
        }
    }

    @Test
    void aTaskVectorOfAnotherModelIsTroubleOfTheStore() throws Exception {
        TestModel base = TestModel.random(new Random(7), 6, 8, 1, ElementType.FLOAT);
        TestModel deeper = TestModel.random(new Random(8), 6, 8, 2, ElementType.FLOAT);
        try (MergeLab lab = new MergeLab(base, RECIPE);
                MergeLab other = new MergeLab(deeper, RECIPE);
                RunningModel model = other.open()) {
            Member foreign = other.prune(other.write(deeper.tuned(new Random(9))), 1);
            try (RunningModel mine = RunningModel.open(lab.base, RECIPE, other.store, lab.directory, lab.pool)) {
                assertThatThrownBy(() -> mine.add(foreign))
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("that the base does not have");
            }
            assertThatThrownBy(() -> model.add(new Member("sha256:" + "0".repeat(64), 1)))
                    .isInstanceOf(NoSuchFileException.class);
        }
    }

    @Test
    void tellsHowFarItHasCome() throws Exception {
        TestModel base = TestModel.random(new Random(10));
        try (MergeLab lab = new MergeLab(base, RECIPE);
                RunningModel model = lab.open()) {
            model.add(lab.prune(lab.write(base.tuned(new Random(11))), 1));
            List<Long> left = Collections.synchronizedList(new ArrayList<>());
            Progress progress = (stage, done, total) -> left.add(total - done);
            model.write(lab.directory.resolve("version"), model.scales(), progress);
            assertThat(left).contains(0L).allMatch(remaining -> remaining >= 0);
        }
    }
}
