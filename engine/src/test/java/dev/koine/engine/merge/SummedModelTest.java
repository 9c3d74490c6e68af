package dev.koine.engine.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.RejectedException;
import dev.koine.engine.linalg.Grid;
import dev.koine.engine.merge.method.MergeMethod;
import dev.koine.engine.merge.method.MergeMethods;
import dev.koine.engine.merge.method.Parameters;
import dev.koine.engine.merge.method.RegMean;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.total.Grids;
import dev.koine.engine.merge.total.Sums;
import dev.koine.engine.merge.total.Totals;
import dev.koine.engine.tensor.Weight;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SummedModelTest {
    @Test
    void whatOthersHaveAddedUpIsWrittenAsTheRunningModelWritesIt() throws Exception {
        Random random = new Random(9);
        TestModel base = TestModel.random(random);
        for (MergeMethod method : methods()) {
            Recipe recipe = Recipe.PUBLISHED
                    .with(method)
                    .with(Recipe.defaultScale(method))
                    .with(new Parameters(2, 0.3, 5, 0));
            try (MergeLab lab = new MergeLab(base, recipe)) {
                List<Member> members = List.of(
                        lab.prune(lab.write(base.tuned(random)), 1), lab.prune(lab.write(base.tuned(random)), -0.5));
                assertThat(summed(lab, members)).as(method.name()).isEqualTo(running(lab, members));
            }
        }
    }

    private static List<MergeMethod> methods() {
        return MergeMethods.all().stream().filter(method -> !method.isWeighed()).toList();
    }

    @Test
    void sumsOfOthersCannotWeighByStatistics() throws Exception {
        TestModel base = TestModel.random(new Random(9));
        try (MergeLab lab = new MergeLab(base, Recipe.standard(new RegMean()))) {
            assertThatThrownBy(() -> summed(lab, List.of()))
                    .isInstanceOf(RejectedException.class)
                    .hasMessageContaining("REGMEAN weighs by statistics");
        }
    }

    private static String running(MergeLab lab, List<Member> members) throws Exception {
        try (RunningModel model = lab.open()) {
            for (Member member : members) {
                model.add(member);
            }
            return lab.digest(model);
        }
    }

    private static String summed(MergeLab lab, List<Member> members) throws Exception {
        List<Weight> weights = lab.base.weights();
        List<Grid> grids = Grids.of(weights, lab.pool);
        List<Totals.Tensor> tensors = Totals.Tensor.of(weights, grids);
        Set<String> changed = new HashSet<>();
        try (Sums sums = Sums.create(lab.directory, tensors, lab.recipe.method().accumulate())) {
            for (Member member : members) {
                for (Addition.Part part : new TaskVectorReader(weights, lab.store).parts(member.taskVector())) {
                    part.forEach(addition -> {
                        int index = addition.index();
                        sums.add(index, addition.from(), addition.values(), grids.get(index), member.factor());
                        changed.add(weights.get(index).key());
                    });
                }
            }
            try (SummedModel model =
                    SummedModel.open(lab.base, lab.recipe, lab.store, lab.pool, grids, sums, members)) {
                return lab.store
                        .<RejectedException>putBundle(target -> model.write(target, changed, model.scales()))
                        .digest();
            }
        }
    }
}
