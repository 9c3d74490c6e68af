package dev.koine.lifecycle.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.merge.prune.PruneItem;
import dev.koine.engine.merge.prune.PruneTask;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.store.LocalStore;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.Factors;
import dev.koine.engine.tensor.Joined;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.TensorInfo.Storage;
import dev.koine.flink.state.StoredPlan;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanCodecTest {
    @TempDir
    Path directory;

    @Test
    void keepsHowATensorIsStoredAndWhatAnExpertHasInItsPlace() throws Exception {
        TensorInfo bytes = new TensorInfo("w", ElementType.FLOAT16, List.of(20L), directory.resolve("a.onnx"), 3, 40);
        TensorInfo varints = new TensorInfo(
                "w", ElementType.FLOAT16, List.of(20L), directory.resolve("b.onnx"), 5, 44, Storage.VARINTS);
        TensorInfo matrix =
                new TensorInfo("m", ElementType.FLOAT, List.of(4L, 5L), directory.resolve("c.safetensors"), 8, 80);
        List<PruneTask> tasks = List.of(new PruneTask(
                0,
                List.of(
                        new PruneItem(List.of("a.onnx/w"), Policy.DENSE, bytes, varints, 0, 20),
                        new PruneItem(List.of("b.onnx/w"), Policy.DENSE, varints, bytes, 0, 20),
                        new PruneItem(
                                List.of("c.onnx/w"),
                                Policy.LORS,
                                matrix,
                                matrix.transposed().transposed(),
                                0,
                                20),
                        new PruneItem(List.of("d.onnx/w"), Policy.LORS, matrix, matrix.transposed(), 0, 20),
                        new PruneItem(
                                List.of("e.onnx/w"),
                                Policy.LORS,
                                matrix,
                                new Joined(
                                        List.of(8L, 5L),
                                        0,
                                        List.of(new Joined.Part(matrix, 0.125f), new Joined.Part(matrix, 1))),
                                0,
                                40),
                        new PruneItem(
                                List.of("f.onnx/w"),
                                Policy.LORS,
                                matrix,
                                new Factors(matrix, bytes, 0.5f, true),
                                0,
                                20))));
        StoredPlan plan = PlanCodec.toStored(tasks, Recipe.PUBLISHED, new BundlePlaces(Map.of()));
        assertThat(PlanCodec.tasks(plan, LocalStore.open(directory.resolve("store"))))
                .isEqualTo(tasks);
        assertThat(plan.getTasks().get(0).getItems().get(0).getBase().getType()).isEqualTo("FLOAT16");
    }
}
