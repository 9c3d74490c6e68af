package dev.koine.lifecycle.history;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.Progress;
import dev.koine.engine.WorkPool;
import dev.koine.engine.merge.Member;
import dev.koine.engine.merge.RunningModel;
import dev.koine.engine.merge.TaskVector;
import dev.koine.engine.merge.prune.PrunePlan;
import dev.koine.engine.merge.prune.PruneTask;
import dev.koine.engine.merge.prune.TensorPruner;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.LocalStore;
import dev.koine.events.Bundles;
import dev.koine.events.Recipes;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelUpdate;
import dev.koine.testkit.Fixtures;
import dev.koine.testkit.Mutation;
import dev.koine.testkit.Updates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreCheckTest {
    @TempDir
    Path directory;

    private final WorkPool pool = new WorkPool(2);
    private LocalStore store;
    private Bundle base;
    private Bundle merged;
    private TaskVector taskVector;
    private ModelUpdate version;

    @BeforeEach
    void mergeOneExpert() throws Exception {
        store = LocalStore.open(directory.resolve("store"));
        base = store.<IOException>putBundle(target -> Mutation.copyInto(Fixtures.ctc("base"), target));
        Bundle expert = store.<IOException>putBundle(target -> Mutation.copyInto(Fixtures.ctc("de"), target));
        ModelBundle index = ModelBundle.open(store.bundle(base.digest()));
        List<PruneTask> tasks = PrunePlan.of(
                Alignment.of(index, ModelBundle.open(store.bundle(expert.digest())))
                        .weights(),
                Recipe.PUBLISHED);
        List<String> pieces = new ArrayList<>();
        for (PruneTask task : tasks) {
            pieces.add(new TensorPruner(Recipe.PUBLISHED).prune(task, store));
        }
        taskVector = new TaskVector(base.digest(), expert.digest(), pieces);
        String digest = taskVector.put(store);
        try (RunningModel model =
                RunningModel.restore(index, Recipe.PUBLISHED, store, directory, pool, List.of(new Member(digest, 1)))) {
            merged = store.putBundle(target -> model.write(target, model.scales(), Progress.NONE));
        }
        MergedExpert inside = MergedExpert.newBuilder()
                .setExpertId("de")
                .setRevision(1)
                .setLanguages(List.of("de"))
                .setTasks(List.of())
                .setWeight(1)
                .setBundleDigest(expert.digest())
                .setTaskVectorDigest(digest)
                .build();
        record(0, base, List.of());
        version = record(1, merged, List.of(inside));
    }

    @AfterEach
    void closePool() {
        pool.close();
    }

    @Test
    void aGoodStoreHasNoProblemsAndIsMadeAgainFromItsExperts() throws Exception {
        store.<IOException>put(file -> Files.writeString(file, "nobody's"));
        List<String> problems = new ArrayList<>();
        StoreCheck.Checked checked = check(problems, true);
        assertThat(problems).isEmpty();
        assertThat(checked.versions()).isEqualTo(2);
        assertThat(checked.orphans()).isEqualTo(1);
    }

    @Test
    void aFlippedByteIsFound() throws Exception {
        flip(store.get(taskVector.pieces().get(0)));
        assertThat(problems())
                .anyMatch(problem -> problem.contains("other contents"))
                .anyMatch(problem -> problem.contains("Version 1 of m lacks a piece of the task vector of de"));
    }

    @Test
    void aFlippedByteInAModelIsFound() throws Exception {
        flip(store.bundle(merged.digest()).resolve(Mutation.FILE));
        assertThat(problems()).anyMatch(problem -> problem.contains("Version 1 of m lacks its model"));
    }

    @Test
    void whatIsMissingIsFound() throws Exception {
        Files.delete(store.get(taskVector.pieces().get(0)));
        Files.delete(store.bundle(base.digest()).resolve("config.json"));
        assertThat(problems())
                .anyMatch(problem -> problem.contains("lacks a piece"))
                .anyMatch(problem -> problem.contains("Version 0 of m lacks its model"));
    }

    @Test
    void aFileTooManyIsFound() throws Exception {
        Files.writeString(store.bundle(merged.digest()).resolve("extra"), "extra");
        assertThat(problems()).anyMatch(problem -> problem.contains(merged.digest() + " has other contents"));
    }

    @Test
    void aRecordThatSaysSomethingElseIsFound() throws Exception {
        version.getExperts().get(0).setWeight(2.0);
        new VersionRecords(store.records()).put(version);
        VersionRecords.Recorded right = new VersionRecords(store.records())
                .all().stream()
                        .filter(recorded -> recorded.update().getVersion() == 1
                                && recorded.update().getExperts().get(0).getWeight() == 1)
                        .findFirst()
                        .orElseThrow();
        store.records().delete(right.name());
        assertThat(problems()).anyMatch(problem -> problem.contains("made again from its task vectors"));
    }

    @Test
    void retentionKeepsWhatKeptVersionsNeedAndDropsExpertsWhereItMay() throws Exception {
        Instant later = Instant.now().plusSeconds(10);
        RetentionPolicy all = new RetentionPolicy(1, Duration.ZERO, true, Duration.ZERO);
        assertThat(new Retention(store, all).sweep(later, false, Progress.NONE).artifacts())
                .isZero();
        RetentionPolicy lean = new RetentionPolicy(1, Duration.ZERO, false, Duration.ZERO);
        assertThat(new Retention(store, lean).sweep(later, true, Progress.NONE).artifacts())
                .isEqualTo(1);
        assertThat(new Retention(store, lean).sweep(later, false, Progress.NONE).artifacts())
                .isEqualTo(1);
        assertThat(problems()).isEmpty();
    }

    @Test
    void retentionTakesNothingThatWasPutSinceARunningMergeBegan() throws Exception {
        new RunningMerges(store.records()).begin("m", 2, Instant.now().minusSeconds(60));
        store.<IOException>put(file -> Files.writeString(file, "a piece"));
        RetentionPolicy merciless = new RetentionPolicy(1, Duration.ZERO, false, Duration.ZERO);
        Instant later = Instant.now().plusSeconds(10);
        assertThat(new Retention(store, merciless)
                        .sweep(later, false, Progress.NONE)
                        .artifacts())
                .isZero();
        new RunningMerges(store.records()).end("m", 3);
        assertThat(new Retention(store, merciless)
                        .sweep(later, false, Progress.NONE)
                        .artifacts())
                .isEqualTo(2);
    }

    private List<String> problems() throws IOException {
        List<String> problems = new ArrayList<>();
        check(problems, false);
        return problems;
    }

    private StoreCheck.Checked check(List<String> problems, boolean fromExperts) throws IOException {
        return new StoreCheck(store, directory, pool, Progress.NONE, problems::add).run(fromExperts);
    }

    private ModelUpdate record(long number, Bundle bundle, List<MergedExpert> inside) throws Exception {
        ModelUpdate update = Updates.of("m", number, bundle.digest(), Bundles.toAvro(bundle));
        update.setExperts(inside);
        update.setRecipe(Recipes.toAvro(Recipe.PUBLISHED));
        assertThat(new VersionRecords(store.records()).put(update)).hasSize(16);
        return update;
    }

    private static void flip(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
    }
}
