package dev.koine.flink.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.merge.prune.PrunePlan;
import dev.koine.engine.merge.prune.PruneTask;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.LocalStore;
import dev.koine.flink.config.MergeJobConfig;
import dev.koine.flink.state.PruneTaskMessage;
import dev.koine.flink.state.PrunedPiece;
import dev.koine.lifecycle.option.JobSettings;
import dev.koine.lifecycle.option.MergeJobOptions;
import dev.koine.lifecycle.plan.BundlePlaces;
import dev.koine.lifecycle.plan.PlanStore;
import dev.koine.schemas.EventCodec;
import dev.koine.testkit.Fixtures;
import dev.koine.testkit.Mutation;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RuntimeContext;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that change after Intake has verified them: the expert's are refused, trouble with our own restarts the job. */
class PruneFunctionTest {
    @TempDir
    Path directory;

    private Path base;
    private Path expert;
    private Path store;
    private PruneFunction prune;
    private PruneTaskMessage task;

    @BeforeEach
    void planOneTask() throws Exception {
        base = Mutation.copy(Fixtures.ctc("base"), directory);
        expert = Mutation.copy(Fixtures.ctc("de"), directory);
        store = directory.resolve("store");
        List<PruneTask> tasks = PrunePlan.of(
                Alignment.of(ModelBundle.open(base), ModelBundle.open(expert)).weights(), Recipe.PUBLISHED);
        String plan = PlanStore.put(LocalStore.open(store), tasks, Recipe.PUBLISHED, new BundlePlaces(Map.of()));
        task = new PruneTaskMessage("ctc", 4L, 0, plan);
        prune = new PruneFunction(config(store));
        prune.setRuntimeContext(runtimeContext());
        prune.open(new OpenContext() {});
    }

    @Test
    void keepsThePieceInTheStore() throws Exception {
        PrunedPiece piece = prune.map(task);
        assertThat(piece.getSequence()).isEqualTo(4);
        assertThat(piece.getRejectionCode()).isNull();
        assertThat(LocalStore.open(store).get(piece.getDigest())).isRegularFile();
        assertThat(prune.map(task)).isEqualTo(piece);
    }

    @Test
    void aTaskTravelsInFewBytesHoweverManyTensorsItHas() {
        assertThat(EventCodec.of(PruneTaskMessage.class).encode(task)).hasSizeLessThan(128);
    }

    @Test
    void findsTheFilesOfBundlesWhereverTheStoreIs() throws Exception {
        LocalStore first = LocalStore.open(directory.resolve("first"));
        Bundle base = first.<IOException>putBundle(target -> Mutation.copyInto(Fixtures.ctc("base"), target));
        Bundle expert = first.<IOException>putBundle(target -> Mutation.copyInto(Fixtures.ctc("de"), target));
        Path baseHere = first.bundle(base.digest());
        Path expertHere = first.bundle(expert.digest());
        List<PruneTask> tasks = PrunePlan.of(
                Alignment.of(ModelBundle.open(baseHere), ModelBundle.open(expertHere))
                        .weights(),
                Recipe.PUBLISHED);
        String plan = PlanStore.put(
                first,
                tasks,
                Recipe.PUBLISHED,
                new BundlePlaces(Map.of(baseHere, base.digest(), expertHere, expert.digest())));
        Files.move(directory.resolve("first"), directory.resolve("moved"));

        PruneFunction moved = new PruneFunction(config(directory.resolve("moved")));
        moved.setRuntimeContext(runtimeContext());
        moved.open(new OpenContext() {});
        assertThat(moved.map(new PruneTaskMessage("ctc", 4L, 0, plan)).getDigest())
                .isEqualTo(prune.map(task).getDigest());

        Files.delete(directory
                .resolve("moved")
                .resolve("bundles")
                .resolve(expertHere.getFileName())
                .resolve(Mutation.FILE));
        assertThatThrownBy(() -> moved.map(new PruneTaskMessage("ctc", 4L, 0, plan)))
                .isInstanceOf(IOException.class);
    }

    @Test
    void refusesAnExpertThatIsGone() throws Exception {
        Files.delete(expert.resolve(Mutation.FILE));
        assertRefused("MISSING_FILE", "is gone");
        Files.createDirectory(expert.resolve(Mutation.FILE));
        assertRefused("MISSING_FILE", "is no regular file");
    }

    @Test
    void refusesAnExpertThatWasCutOff() throws Exception {
        try (FileChannel channel = FileChannel.open(expert.resolve(Mutation.FILE), StandardOpenOption.WRITE)) {
            channel.truncate(1000);
        }
        assertRefused("SIZE_MISMATCH", "became shorter");
    }

    @Test
    void throwsWhereTheBaseOrTheStoreIsInTrouble() throws Exception {
        Files.move(store.resolve("aside"), directory.resolve("away"));
        assertThatThrownBy(() -> prune.map(task)).isInstanceOf(IOException.class);
        Files.move(directory.resolve("away"), store.resolve("aside"));
        Files.delete(base.resolve(Mutation.FILE));
        assertThatThrownBy(() -> prune.map(task)).isInstanceOf(IOException.class);
    }

    private void assertRefused(String code, String words) throws IOException {
        PrunedPiece piece = prune.map(task);
        assertThat(piece.getDigest()).isNull();
        assertThat(piece.getRejectionCode()).isEqualTo(code);
        assertThat(piece.getRejectionMessage())
                .contains(expert.resolve(Mutation.FILE).toString(), words, "send the event again");
    }

    private static RuntimeContext runtimeContext() {
        return (RuntimeContext) Proxy.newProxyInstance(
                RuntimeContext.class.getClassLoader(), new Class<?>[] {RuntimeContext.class}, (proxy, method, args) -> {
                    if (method.getName().equals("getMetricGroup")) {
                        return UnregisteredMetricsGroup.createOperatorMetricGroup();
                    }
                    throw new UnsupportedOperationException(method.getName());
                });
    }

    private static MergeJobConfig config(Path store) {
        return MergeJobConfig.of(JobSettings.NONE
                .with(MergeJobOptions.BOOTSTRAP_SERVERS, "unused:0")
                .with(MergeJobOptions.STORE, store.toUri()));
    }
}
