package dev.koine.lifecycle.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.merge.prune.PrunePlan;
import dev.koine.engine.merge.prune.PruneTask;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.LocalStore;
import dev.koine.flink.state.PruneTaskMessage;
import dev.koine.lifecycle.metric.FakeInstruments;
import dev.koine.testkit.Fixtures;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PruningTest {
    @TempDir
    Path directory;

    @Test
    void eachTensorIsTimedBySizeAndItsElementsAreCounted() throws Exception {
        ArtifactStore store = LocalStore.open(directory);
        List<PruneTask> tasks = PrunePlan.of(
                Alignment.of(ModelBundle.open(Fixtures.ctc("base")), ModelBundle.open(Fixtures.ctc("de")))
                        .weights(),
                Recipe.PUBLISHED);
        String plan = PlanStore.put(store, tasks, Recipe.PUBLISHED, new BundlePlaces(Map.of()));
        FakeInstruments told = new FakeInstruments();
        Pruning pruning = new Pruning(store, Lanczos::truncate, told);
        assertThat(pruning.run(new PruneTaskMessage("ctc", 0L, 0, plan)).piece().getDigest())
                .isNotNull();
        assertThat(told.histograms.get("prune.tensor_seconds[up_to_1m]"))
                .hasSize(tasks.get(0).items().size())
                .allMatch(nanos -> nanos > 0);
        assertThat(told.counters)
                .containsEntry(
                        "prune.elements_total[up_to_1m]",
                        tasks.get(0).items().stream()
                                .mapToLong(item -> item.count())
                                .sum())
                .containsEntry("prune.elements_total[over_10m]", 0L);
    }
}
