package dev.koine.cli.command;

import static dev.koine.cli.CommandLineRun.koine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.cli.CommandLineRun;
import dev.koine.cli.HubCache;
import dev.koine.cli.console.ExitCode;
import dev.koine.testkit.Fixtures;
import dev.koine.testkit.TrainedForms;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code koine export} without a broker. */
class ExportCommandTest {
    private static final Path BASE = Fixtures.ctc("base");

    @TempDir
    Path directory;

    private Path checkpoint;
    private Path out;

    @BeforeEach
    void makeACheckpoint() throws Exception {
        checkpoint = TrainedForms.checkpoint(BASE, BASE, directory.resolve("checkpoint"));
        Files.writeString(checkpoint.resolve("config.json"), "{\"architectures\": [\"Tiny\"]}");
        Files.writeString(checkpoint.resolve("README.md"), "the base's");
        out = directory.resolve("out");
    }

    private CommandLineRun export(String format, String... more) {
        List<String> line = new ArrayList<>(List.of("export", "--format", format, "--out", out.toString()));
        line.addAll(List.of("--base", BASE.toString(), "--checkpoint", checkpoint.toString()));
        line.addAll(List.of(more));
        return koine(line.toArray(String[]::new));
    }

    private Path merge(String... more) {
        Path merged = directory.resolve("merged");
        List<String> line = new ArrayList<>(List.of("merge", "--base", BASE.toString(), "--out", merged.toString()));
        line.addAll(List.of("--expert", Fixtures.ctc("de").toString()));
        line.addAll(List.of(more));
        CommandLineRun run = koine(line.toArray(String[]::new));
        assertThat(run.code()).as(run.err()).isEqualTo(ExitCode.OK);
        return merged;
    }

    @Test
    void theBaseAsHfIsItsCheckpoint() throws Exception {
        CommandLineRun run = export("hf");
        assertThat(run.code()).as(run.err()).isEqualTo(ExitCode.OK);
        assertThat(run.out()).contains(" tensors, 0 of them changed, ", " bytes in 1 file: " + out.toRealPath());
        assertThat(out.resolve("model.safetensors")).hasSameBinaryContentAs(checkpoint.resolve("model.safetensors"));
        assertThat(out.resolve("config.json")).hasSameBinaryContentAs(checkpoint.resolve("config.json"));
        assertThat(out.resolve("README.base.md")).hasContent("the base's");
        assertThat(out.resolve("README.md")).doesNotExist();
    }

    /** Merged whole at scale 1, the version is the expert, whose checkpoint comes out. */
    @Test
    void aVersionAsHfIsTheCheckpointThatWouldHaveBeenExportedToIt() throws Exception {
        Path merged = merge("--method", "TASK_ARITHMETIC", "--scale", "1");
        Path hub = HubCache.snapshot(directory, "checkpoint", checkpoint);
        checkpoint = hub.resolve("../..").normalize();
        CommandLineRun run = export("hf", "--merged", merged.toString());
        assertThat(run.code()).as(run.err()).isEqualTo(ExitCode.OK);
        Path expected = TrainedForms.checkpoint(BASE, merged, directory.resolve("expected"));
        assertThat(out.resolve("model.safetensors")).hasSameBinaryContentAs(expected.resolve("model.safetensors"));
    }

    @Test
    void anExpertAsPeftSaysItsRankAndWhatItLeavesOut() throws Exception {
        Path vectors = directory.resolve("vectors");
        Path merged = merge("--method", "LORS", "--task-vectors", vectors.toString());
        CommandLineRun run =
                export("peft", "--task-vector", vectors.resolve("000").toString(), "--base-model", "me/base");
        assertThat(run.code()).as(run.err()).isEqualTo(ExitCode.OK);
        assertThat(run.out())
                .contains("An adapter of rank 7 for ", " linear layers: " + out.toRealPath())
                .containsPattern("It leaves out [0-9.]+ % of the squared norm of all deltas:")
                .contains("what is not of low rank in the matrices that it has", "vectors: biases and norms");
        assertThat(out).isDirectoryContaining(file -> file.endsWith("adapter_model.safetensors"));
        assertThat(out.resolve("adapter_config.json")).content().contains("\"me/base\"");

        out = directory.resolve("sum");
        CommandLineRun sum = export("peft", "--merged", merged.toString(), "--rank", "5");
        assertThat(sum.out()).contains("An adapter of rank 5 for ");
        CommandLineRun again = koine(
                "merge",
                "--base",
                BASE.toString(),
                "--checkpoint",
                checkpoint.toString(),
                "--expert",
                out.toString(),
                "--out",
                directory.resolve("again").toString());
        assertThat(again.code()).as(again.err()).isEqualTo(ExitCode.OK);
    }

    @Test
    void whatDoesNotFitTogetherIsTold() {
        assertUsage(export("onnx"), "--format onnx copies an announced version");
        assertUsage(export("peft"), "takes one of --merged and --task-vector");
        assertUsage(export("hf", "--task-vector", directory.toString()), "--format peft");
        assertUsage(export("peft", "--merged", BASE.toString(), "--rank", "0"), "has to be 1 or more");
        assertUsage(koine("export", "--model", "m", "--format", "hf", "--out", out.toString()), "name it with --store");
        assertUsage(koine("export", "--out", out.toString()), "--model");
        assertThat(out).doesNotExist();
    }

    @Test
    void aFolderThatIsNoVersionOfTheBaseIsRefusedAndLeavesNothing() {
        CommandLineRun run = export("hf", "--merged", Fixtures.whisper("base").toString());
        assertThat(run.code()).isEqualTo(ExitCode.REJECTED);
        assertThat(run.err())
                .contains("GRAPH_MISMATCH: The model " + Fixtures.whisper("base"), "holds no version of this base");
        CommandLineRun empty = export("peft", "--task-vector", directory.toString());
        assertThat(empty.err()).contains("MISSING_FILE", "There is no task vector in " + directory);
        assertThat(out).doesNotExist();
    }

    private static void assertUsage(CommandLineRun run, String named) {
        assertThat(run.code()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains(named);
    }
}
