package dev.koine.engine.merge.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.koine.engine.RejectedException;
import dev.koine.engine.merge.method.Compact;
import dev.koine.engine.merge.recipe.PolicyRule;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.align.AlignedWeight;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.Precision;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.Weight;
import dev.koine.engine.tensor.WeightRole;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PrunePlanTest {
    private static final long MEBI = 1 << 20;

    @Test
    void aDenseTensorIsCutIntoRunsThatLineUp() throws Exception {
        for (long rows : new long[] {1, 4096, 4097, 8191, 8192, 3_000_000}) {
            AlignedWeight embedding = aligned("embed", WeightRole.EMBEDDING, rows, 1024);
            List<PruneItem> items = items(PrunePlan.of(List.of(embedding), Recipe.PUBLISHED));
            long next = 0;
            for (PruneItem item : items) {
                assertThat(item.from()).isEqualTo(next);
                assertThat(item.count()).isPositive().isLessThanOrEqualTo(1 << 22);
                next += item.count();
            }
            assertThat(next).isEqualTo(rows * 1024);
            assertThat(items).hasSize((int) ((rows + 4095) / 4096));
        }
    }

    @Test
    void bandsAreWholeRowsAndBeginWhereSumsAreCut() throws Exception {
        Recipe recipe = Recipe.standard(new Compact());
        for (long columns : new long[] {384, 512, 768, 1024, 1280}) {
            AlignedWeight embedding = aligned("embed", WeightRole.EMBEDDING, 51865, columns);
            List<PruneItem> items = items(PrunePlan.of(List.of(embedding), recipe));
            long next = 0;
            for (PruneItem item : items) {
                assertThat(item.from()).isEqualTo(next).isEqualTo(next / columns * columns);
                assertThat(item.from() % PrunePlan.SLICE_ELEMENTS).isZero();
                assertThat(item.count()).isPositive().isLessThanOrEqualTo(1 << 22);
                next += item.count();
            }
            assertThat(next).isEqualTo(51865 * columns);
        }
        AlignedWeight vector = aligned("norm", WeightRole.OTHER, 1, 512);
        AlignedWeight small = aligned("fc", WeightRole.LINEAR, 2048, 512);
        AlignedWeight oddish = aligned("wide", WeightRole.EMBEDDING, 20000, 3000);
        AlignedWeight odd = aligned("proj", WeightRole.VOCABULARY_PROJECTION, 512, 51865);
        assertThat(items(PrunePlan.of(List.of(vector, small, oddish, odd), recipe)))
                .extracting(PruneItem::count)
                .containsExactly(512, 2048 * 512, 16384 * 3000, 3616 * 3000, 512 * 51865);
    }

    @Test
    void aPrunedMatrixIsOneItemHoweverLarge() throws Exception {
        List<PruneTask> tasks = PrunePlan.of(List.of(aligned("fc", WeightRole.LINEAR, 8192, 8192)), Recipe.PUBLISHED);
        assertThat(items(tasks)).singleElement().satisfies(item -> {
            assertThat(item.policy()).isEqualTo(Policy.LORS);
            assertThat(item.from()).isZero();
            assertThat(item.count()).isEqualTo(64 * MEBI);
        });
    }

    @Test
    void aMatrixOfMoreThanAnArrayIsRefusedWithAWayOut() throws Exception {
        List<AlignedWeight> weights = List.of(aligned("fc", WeightRole.LINEAR, 1 << 16, 1 << 16));
        assertThat(catchThrowableOfType(RejectedException.class, () -> PrunePlan.of(weights, Recipe.PUBLISHED)))
                .hasMessageContaining("fc")
                .hasMessageContaining("DENSE or FROZEN");
        Recipe dense = new Recipe(7, 0.2, 0.2, Precision.FLOAT32, List.of(new PolicyRule("**/fc/**", Policy.DENSE)));
        assertThat(items(PrunePlan.of(weights, dense))).hasSize(1024);
    }

    @Test
    void smallItemsShareATaskAndFrozenOnesHaveNone() throws Exception {
        List<AlignedWeight> weights = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            weights.add(aligned("norm" + i, WeightRole.OTHER, 1, 1024));
        }
        weights.add(aligned("fc", WeightRole.LINEAR, 1024, 1024));
        weights.add(aligned("frozen", WeightRole.LINEAR, 1024, 1024));
        weights.add(aligned("last", WeightRole.OTHER, 1, 1));
        Recipe recipe =
                new Recipe(7, 0.2, 0.2, Precision.FLOAT32, List.of(new PolicyRule("**frozen**", Policy.FROZEN)));

        List<PruneTask> tasks = PrunePlan.of(weights, recipe);
        assertThat(tasks).hasSize(2).extracting(PruneTask::index).containsExactly(0, 1);
        assertThat(items(tasks)).hasSize(102).noneMatch(item -> item.weights().contains("m.onnx/frozen"));
        assertThat(PrunePlan.of(weights, recipe)).isEqualTo(tasks);
        assertThat(PrunePlan.of(List.of(), recipe)).isEmpty();
    }

    @Test
    void tiedWeightsAreOneItem() throws Exception {
        AlignedWeight one = aligned("embed", WeightRole.EMBEDDING, 8, 4);
        AlignedWeight other = aligned("embed2", WeightRole.EMBEDDING, 8, 4);
        AlignedWeight tied =
                new AlignedWeight(List.of(one.base().get(0), other.base().get(0)), one.expert());
        assertThat(items(PrunePlan.of(List.of(tied), Recipe.PUBLISHED)))
                .singleElement()
                .satisfies(item -> assertThat(item.weights()).containsExactly("m.onnx/embed", "m.onnx/embed2"));
    }

    @Test
    void aTransposeIsInTheItemOfItsMatrixWhereEachElementIsRoundedByItself() throws Exception {
        AlignedWeight table = aligned("embed", WeightRole.EMBEDDING, 8, 4);
        AlignedWeight apart = aligned("proj", WeightRole.VOCABULARY_PROJECTION, 4, 8);
        AlignedWeight projection = new AlignedWeight(apart.base(), apart.expert(), table.base());
        List<AlignedWeight> weights = List.of(table, projection);
        assertThat(items(PrunePlan.of(weights, Recipe.PUBLISHED)))
                .extracting(PruneItem::weights)
                .containsExactly(List.of("m.onnx/embed", "/m.onnx/proj"));
        Recipe integers = new Recipe(7, 0.2, 0.2, Precision.INT8, List.of());
        Recipe pruned = new Recipe(7, 0.2, 0.2, Precision.FLOAT32, List.of(new PolicyRule("**", Policy.LOW_RANK)));
        Recipe frozen = new Recipe(7, 0.2, 0.2, Precision.FLOAT32, List.of(new PolicyRule("**embed**", Policy.FROZEN)));
        for (Recipe recipe : List.of(integers, pruned)) {
            assertThat(items(PrunePlan.of(weights, recipe)))
                    .extracting(PruneItem::weights)
                    .containsExactly(List.of("m.onnx/embed"), List.of("m.onnx/proj"));
        }
        assertThat(items(PrunePlan.of(weights, frozen)))
                .extracting(PruneItem::weights)
                .containsExactly(List.of("m.onnx/proj"));
    }

    private static List<PruneItem> items(List<PruneTask> tasks) {
        return tasks.stream().flatMap(task -> task.items().stream()).toList();
    }

    private static AlignedWeight aligned(String name, WeightRole role, long rows, long columns) {
        TensorInfo tensor = new TensorInfo(
                name, ElementType.FLOAT, List.of(rows, columns), Path.of("m.onnx"), 0, rows * columns * 4);
        Weight weight = new Weight("m.onnx/" + name, tensor, "m.onnx:/" + name + "/MatMul:1", role);
        return new AlignedWeight(List.of(weight), tensor);
    }
}
