package dev.koine.engine.merge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.merge.method.MergeMethod;
import dev.koine.engine.merge.method.MergeMethods;
import dev.koine.engine.merge.prune.PrunePlan;
import dev.koine.engine.merge.prune.PruneTask;
import dev.koine.engine.merge.prune.TensorPruner;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.recipe.Scale;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.AlignedWeight;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.taskvector.Precision;
import dev.koine.engine.tensor.ElementType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A matrix and its transpose are kept once, and no version comes out otherwise than if each had blocks of its own. */
class TransposedTest {
    private final Random random = new Random(21);

    @Test
    void noDigestChanges() throws Exception {
        TestModel base = TestModel.random(random, 6, 8, 2, ElementType.FLOAT, ElementType.FLOAT16);
        for (MergeMethod method : MergeMethods.all()) {
            for (Precision precision : Precision.values()) {
                Recipe recipe = Recipe.PUBLISHED.with(method).with(precision).with(Scale.parse("norm:0.4"));
                try (MergeLab lab = new MergeLab(base, recipe)) {
                    Path one = lab.write(base.tuned(random));
                    Path two = lab.write(base.tuned(random));
                    List<Member> together = List.of(lab.prune(one, 1), lab.prune(two, -0.5));
                    List<Member> apart = List.of(apart(lab, one, 1), apart(lab, two, -0.5));
                    assertThat(version(lab, together))
                            .as("%s in %s", method.name(), precision)
                            .isEqualTo(version(lab, apart));
                }
            }
        }
    }

    /** One with blocks of its own, from a release before, and one without, in one combination. */
    @Test
    void combinationsMayHaveBoth() throws Exception {
        TestModel base = TestModel.random(random, 6, 8, 2, ElementType.FLOAT);
        try (MergeLab lab = new MergeLab(base, Recipe.PUBLISHED)) {
            Path one = lab.write(base.tuned(random));
            Path two = lab.write(base.tuned(random));
            Member expected = combined(lab, apart(lab, one, 1), apart(lab, two, 1));
            assertThat(version(lab, List.of(combined(lab, lab.prune(one, 1), lab.prune(two, 1)))))
                    .isEqualTo(version(lab, List.of(expected)));
            assertThat(version(lab, List.of(combined(lab, lab.prune(one, 1), apart(lab, two, 1)))))
                    .isEqualTo(version(lab, List.of(expected)));
        }
    }

    @Test
    void theTaskVectorHasNoSecondCopy() throws Exception {
        TestModel base = TestModel.random(random, 6, 8, 2, ElementType.FLOAT);
        try (MergeLab lab = new MergeLab(base, Recipe.PUBLISHED)) {
            Path expert = lab.write(base.tuned(random));
            long table = base.tensor("embed").numel() * 4L;
            assertThat(bytes(lab, apart(lab, expert, 1)) - bytes(lab, lab.prune(expert, 1)))
                    .isGreaterThan(table)
                    .isLessThan(table + 500);
        }
    }

    private static Member combined(MergeLab lab, Member one, Member two) throws Exception {
        TaskVector combined = TaskVector.combined(List.of(
                new TaskVector.Term(TaskVector.get(lab.store, one.taskVector()), 0.7),
                new TaskVector.Term(TaskVector.get(lab.store, two.taskVector()), 0.3)));
        return new Member(combined.put(lab.store), 1);
    }

    private static String version(MergeLab lab, List<Member> members) throws Exception {
        try (RunningModel model = lab.open()) {
            for (Member member : members) {
                model.add(member);
            }
            return lab.digest(model);
        }
    }

    private static Member apart(MergeLab lab, Path expert, double factor) throws Exception {
        List<AlignedWeight> weights = Alignment.of(lab.base, ModelBundle.open(expert)).weights().stream()
                .map(weight -> new AlignedWeight(weight.base(), weight.expert()))
                .toList();
        List<String> pieces = new ArrayList<>();
        for (PruneTask task : PrunePlan.of(weights, lab.recipe)) {
            pieces.add(new TensorPruner(lab.recipe).prune(task, lab.store));
        }
        return new Member(
                new TaskVector(lab.baseDigest, "apart", pieces)
                        .weighedBy(lab.statistics(expert))
                        .put(lab.store),
                factor);
    }

    private static long bytes(MergeLab lab, Member member) throws IOException {
        long bytes = 0;
        for (String piece : TaskVector.get(lab.store, member.taskVector()).pieces()) {
            bytes += Files.size(lab.store.get(piece));
        }
        return bytes;
    }
}
