package dev.koine.engine.merge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.merge.method.Compact;
import dev.koine.engine.merge.prune.PrunePlan;
import dev.koine.engine.merge.prune.PruneTask;
import dev.koine.engine.merge.prune.TensorPruner;
import dev.koine.engine.merge.recipe.PolicyRule;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.Precision;
import dev.koine.engine.taskvector.PrunedBlock;
import dev.koine.engine.taskvector.Pruner;
import dev.koine.engine.taskvector.TaskVectorFile.Block;
import dev.koine.engine.tensor.ElementType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TensorPrunerTest {
    private static final TestModel BASE = TestModel.random(new Random(31), 5, 7, 1, ElementType.FLOAT);

    @Test
    void whatDoesNotChangeTheModelIsLeftOut() throws Exception {
        assertThat(prune(BASE, Recipe.PUBLISHED)).isEmpty();
        TestModel otherZeros = BASE.map((name, tensor) -> {
            float[] values = tensor.values().clone();
            for (int i = 0; i < values.length; i++) {
                values[i] = values[i] == 0 ? -values[i] : values[i];
            }
            return values;
        });
        assertThat(prune(otherZeros, Recipe.PUBLISHED)).isEmpty();
    }

    @Test
    void theDeltaIsOneSubtractionInFloat32() throws Exception {
        float[] values = BASE.tensor("conv").values().clone();
        values[7] = 1 / 3f;
        List<Block> blocks = prune(BASE.with("conv", values), Recipe.PUBLISHED);
        assertThat(blocks).singleElement().satisfies(block -> {
            assertThat(block.weights()).containsExactly("encoder.onnx/conv");
            float[] delta = new float[block.values().numel()];
            block.values().read(0, delta.length, delta, 0);
            float expected = 1 / 3f - BASE.tensor("conv").values()[7];
            for (int i = 0; i < delta.length; i++) {
                assertThat(delta[i]).isEqualTo(i == 7 ? expected : 0);
            }
        });
    }

    @Test
    void anyPolicySuitsAnyShape() throws Exception {
        for (Policy policy : Policy.values()) {
            Recipe recipe = new Recipe(2, 0.5, 1, Precision.FLOAT16, List.of(new PolicyRule("**", policy)));
            Map<String, Integer> numels = new HashMap<>();
            for (Block block : prune(BASE.plus(() -> 0.01), recipe)) {
                numels.put(block.weights().get(0), block.values().numel());
                assertThat(block.values().precision()).isEqualTo(Precision.FLOAT16);
            }
            if (policy == Policy.FROZEN) {
                assertThat(numels).isEmpty();
            } else {
                assertThat(numels)
                        .containsEntry("encoder.onnx/conv", 75)
                        .containsEntry("encoder.onnx/encoder.0.up", 35)
                        .containsEntry("encoder.onnx/gain", 5);
            }
        }
    }

    /** A matrix of [264, 16384] is a band of 256 rows and one of 8, each with a basis of its own. */
    @Test
    void eachBandIsTheBestOfItsRows() throws Exception {
        Recipe recipe = Recipe.standard(new Compact()).with(own -> own.withRank(2));
        TestModel base = TestModel.random(new Random(31), 264, 16384, 1, ElementType.FLOAT);
        TestModel expert = base.tuned(new Random(32));
        List<Block> bands = prune(base, expert, recipe).stream()
                .filter(block -> block.weights().contains("encoder.onnx/encoder.0.up"))
                .toList();
        float[] before = base.tensor("encoder.0.up").values();
        float[] after = expert.tensor("encoder.0.up").values();
        assertThat(bands).extracting(Block::from).containsExactly(0L, 256L * 16384);
        for (Block band : bands) {
            float[] delta = new float[band.values().numel()];
            for (int i = 0; i < delta.length; i++) {
                int at = (int) band.from() + i;
                delta[i] = after[at] - before[at];
            }
            Pruner alone = new Pruner(2, 0, recipe.precision(), Lanczos::truncate);
            int rows = delta.length / 16384;
            assertThat(read(band.values())).isEqualTo(read(alone.prune(delta, rows, 16384, Policy.LOW_RANK)));
        }
    }

    private static float[] read(PrunedBlock block) {
        float[] values = new float[block.numel()];
        block.read(0, values.length, values, 0);
        return values;
    }

    private static List<Block> prune(TestModel expert, Recipe recipe) throws Exception {
        return prune(BASE, expert, recipe);
    }

    private static List<Block> prune(TestModel base, TestModel expert, Recipe recipe) throws Exception {
        try (MergeLab lab = new MergeLab(base, recipe)) {
            List<Block> blocks = new ArrayList<>();
            Alignment alignment = Alignment.of(lab.base, ModelBundle.open(lab.write(expert)));
            for (PruneTask task : PrunePlan.of(alignment.weights(), recipe)) {
                blocks.addAll(new TensorPruner(recipe).prune(task));
            }
            return blocks;
        }
    }
}
