package dev.koine.flink.prune;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.merge.PruneItem;
import dev.koine.engine.merge.PrunePlan;
import dev.koine.engine.merge.PruneTask;
import dev.koine.engine.merge.Recipe;
import dev.koine.engine.onnx.Alignment;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.LocalStore;
import dev.koine.flink.Fixtures;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanStoreTest {
    @TempDir
    Path directory;

    @Test
    void aPlanFindsTheBaseInAStoreThatHasMoved() throws Exception {
        LocalStore old = LocalStore.open(directory.resolve("old"));
        Bundle base = old.putBundle(
                copy -> Files.copy(Fixtures.ctc("base").resolve("model.onnx"), copy.resolve("model.onnx")));
        ModelBundle expert = ModelBundle.open(Fixtures.ctc("de"));
        List<PruneTask> tasks = PrunePlan.of(
                Alignment.of(ModelBundle.open(base.directory()), expert).weights(), Recipe.PUBLISHED);
        String digest = PlanStore.put(old, tasks, Recipe.PUBLISHED);

        Path moved = Files.move(directory.resolve("old"), directory.resolve("moved"));
        PlanStore.Plan plan = new PlanStore(LocalStore.open(moved), Lanczos::truncate).get(digest);

        assertThat(plan.tasks())
                .hasSameSizeAs(tasks)
                .flatExtracting(PruneTask::items)
                .allSatisfy(item -> {
                    assertThat(item.base().file()).startsWith(moved).isRegularFile();
                    assertThat(item.expert().file()).isEqualTo(expertFile(item));
                });
    }

    private static Path expertFile(PruneItem item) {
        return Fixtures.ctc("de").resolve(item.expert().file().getFileName());
    }
}
