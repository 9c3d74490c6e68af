package dev.koine.cli.following;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.cli.CommandLineRun;
import dev.koine.cli.console.ExitCode;
import dev.koine.cli.export.ExportFormat;
import dev.koine.cli.export.FolderSource;
import dev.koine.cli.folder.ModelFolders;
import dev.koine.engine.WorkPool;
import dev.koine.engine.checkpoint.MappedBase;
import dev.koine.schemas.ModelUpdate;
import dev.koine.testkit.Fixtures;
import dev.koine.testkit.TrainedForms;
import dev.koine.testkit.Updates;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FormOptionsTest {
    private static final Path BASE = Fixtures.ctc("base");

    @TempDir
    private Path directory;

    private final StringWriter out = new StringWriter();

    private CommandLineRun follow(String... more) {
        List<String> line = new ArrayList<>(List.of("follow", "--model", "m"));
        line.addAll(List.of(more));
        line.add(directory.resolve("served").toString());
        return CommandLineRun.koine(line.toArray(String[]::new));
    }

    @Test
    void whatDoesNotFitTogetherIsToldAtTheStart() {
        assertUsage(follow("--form", "hf"), "--form hf takes the base and its checkpoint from one place");
        assertUsage(follow("--form", "peft", "--base", BASE.toString()), "from one place");
        assertUsage(follow("--store", directory.toString()), "add --form hf");
        assertUsage(follow("--form", "peft", "--store", directory.toString(), "--rank", "0"), "has to be 1 or more");
        assertUsage(
                follow(
                        "--form",
                        "hf",
                        "--store",
                        directory.toString(),
                        "--to",
                        "triton",
                        "--triton-url",
                        "http://127.0.0.1:1"),
                "--to triton serves ONNX files, and --form hf writes none");
        CommandLineRun none =
                follow("--form", "hf", "--store", directory.resolve("none").toString());
        assertThat(none.code()).isNotEqualTo(ExitCode.OK);
        assertThat(none.err()).contains("There is no file or folder " + directory.resolve("none"));
    }

    private static void assertUsage(CommandLineRun run, String named) {
        assertThat(run.code()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains(named);
    }

    private void write(ExportFormat format, ModelUpdate update, Path files, Path target) throws Exception {
        Path checkpoint = TrainedForms.checkpoint(BASE, BASE, directory.resolve("checkpoint"));
        Files.writeString(checkpoint.resolve("config.json"), "{}");
        try (ModelFolders models = new ModelFolders(new PrintWriter(out));
                WorkPool pool = new WorkPool(2)) {
            MappedBase base = FolderSource.of(BASE, checkpoint).base(models, pool);
            new ExportedForm(new ExportedForm.Kind(format, 3, null), of -> base, Optional::empty, new PrintWriter(out))
                    .write(update, files, Files.createDirectories(target));
        }
    }

    @Test
    void writesTheCheckpointThatWouldHaveBeenExportedToTheVersionAndItsCard() throws Exception {
        Path de = Fixtures.ctc("de");
        Path target = directory.resolve("hf");
        write(ExportFormat.HF, Updates.of("m", 1, de), de, target);
        Path expected = TrainedForms.checkpoint(BASE, de, directory.resolve("expected"));
        assertThat(target.resolve("model.safetensors")).hasSameBinaryContentAs(expected.resolve("model.safetensors"));
        assertThat(target.resolve("config.json")).hasContent("{}");
        assertThat(target.resolve("README.md")).content().contains("# m, version 1");
        assertThat(out.toString()).contains("Version 1 of m as hf: ", " bytes in 1 file");
    }

    @Test
    void writesAnAdapterAndSaysWhatItLeavesOut() throws Exception {
        Path de = Fixtures.ctc("de");
        Path target = directory.resolve("peft");
        write(ExportFormat.PEFT, Updates.of("m", 1, de), de, target);
        assertThat(target.resolve("adapter_config.json")).content().contains("LORA");
        assertThat(out.toString()).contains("as peft of rank 3: An adapter of rank 3 for ", "It leaves out ");
    }
}
