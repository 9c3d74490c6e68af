package dev.koine.engine.merge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.merge.recipe.PolicyRule;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.Precision;
import dev.koine.engine.tensor.Weight;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MergePlanTest {
    private static final Recipe RECIPE = new Recipe(2, 0.3, 0.4, Precision.FLOAT32, List.of());

    @Test
    void everyElementOfEveryWeightIsMergedOnceAndTiedOnesTogether() throws Exception {
        Random random = new Random(3);
        TestModel base = TestModel.random(random);
        try (MergeLab lab = new MergeLab(base, RECIPE)) {
            List<MergeItem> items = plan(lab, lab.write(base.tuned(random)), lab.write(base.tuned(random)));
            for (Weight weight : lab.base.weights()) {
                long elements = items.stream()
                        .filter(item -> item.weights().contains(weight))
                        .mapToLong(MergeItem::count)
                        .sum();
                assertThat(elements).as(weight.key()).isEqualTo(weight.tensor().numel());
            }
            assertThat(items).allSatisfy(item -> assertThat(item.experts()).hasSize(2));
            assertThat(items)
                    .filteredOn(item -> item.weights().get(0).key().startsWith(TestModel.DECODERS.get(0)))
                    .isNotEmpty()
                    .allMatch(item -> item.weights().size() > 1);
        }
    }

    @Test
    void whatIsFrozenHasNoItem() throws Exception {
        TestModel base = TestModel.random(new Random(4));
        Recipe frozen = new Recipe(2, 0.3, 0.4, Precision.FLOAT32, List.of(new PolicyRule("**", Policy.FROZEN)));
        try (MergeLab lab = new MergeLab(base, frozen)) {
            assertThat(plan(lab, lab.write(base.tuned(new Random(5))))).isEmpty();
        }
    }

    private static List<MergeItem> plan(MergeLab lab, Path... experts) throws Exception {
        List<Alignment> aligned = new ArrayList<>();
        for (Path expert : experts) {
            aligned.add(Alignment.of(lab.base, ModelBundle.open(expert)));
        }
        return MergePlan.of(lab.base, aligned, lab.recipe);
    }
}
