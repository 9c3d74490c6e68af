package dev.koine.cli.command.offline;

import static dev.koine.cli.CommandLineRun.koine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.cli.CommandLineRun;
import dev.koine.cli.console.ExitCode;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.statistics.LayerInput;
import dev.koine.engine.statistics.LayerInputs;
import dev.koine.engine.statistics.Statistics;
import dev.koine.engine.store.Bundle;
import dev.koine.testkit.Fixtures;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatisticsCommandTest {
    private static final Path BASE = Fixtures.ctc("base");
    private static final Path GERMAN = Fixtures.ctc("evaluation").resolve("de");

    @TempDir
    Path directory;

    @Test
    void everyInputOfALayerIsMeasured() throws Exception {
        Path stats = directory.resolve("stats");
        CommandLineRun run = collect(BASE, "de", stats, "--utterances", "5");
        assertThat(run.code()).as(run.err()).isEqualTo(ExitCode.OK);
        assertThat(run.err()).contains("running model.onnx");
        List<LayerInput> inputs = LayerInputs.of(ModelBundle.open(BASE));
        assertThat(inputs).hasSizeGreaterThan(10);
        assertThat(run.out())
                .containsPattern(
                        "^de: 5 utterances, [0-9,]+ positions, " + inputs.size() + " inputs of layers, [0-9,]+ bytes")
                .contains(Bundle.describe(stats).digest());
        try (Statistics statistics = Statistics.open(stats.resolve(Statistics.FILE))) {
            assertThat(statistics.about().base())
                    .isEqualTo(Bundle.describeWithoutStrays(BASE).digest());
            assertThat(statistics.about().utterances()).isEqualTo(5);
            assertThat(statistics.keys()).hasSameSizeAs(inputs);
            for (LayerInput input : inputs) {
                assertThat(statistics.gram(input).size()).isEqualTo(input.size());
            }
        }
        Path again = directory.resolve("again");
        assertThat(collect(BASE, "DE", again, "--utterances", "5").code()).isEqualTo(ExitCode.OK);
        assertThat(again.resolve(Statistics.FILE)).hasSameBinaryContentAs(stats.resolve(Statistics.FILE));
    }

    @Test
    void whatCannotBeMeasuredIsSaidInASentenceAndLeavesNothing() throws Exception {
        Path stats = directory.resolve("stats");
        CommandLineRun french = collect(BASE, "fr", stats);
        assertThat(french.code()).isEqualTo(ExitCode.REJECTED);
        assertThat(french.err())
                .contains("The evaluation set")
                .contains("no utterance to transcribe in 'fr'. It has some in de: name one of these");
        assertThat(collect(BASE, "de", stats, "--utterances", "0").code()).isEqualTo(ExitCode.USAGE);
        assertThat(collect(directory.resolve("nothing"), "de", stats).err()).contains("There is no folder");
        CommandLineRun other = collect(Fixtures.whisper("base"), "de", stats);
        assertThat(other.code()).isEqualTo(ExitCode.REJECTED);
        assertThat(other.err())
                .contains("The evaluation set (" + GERMAN + "): Recording '")
                .contains("this model takes [");
        Path model = Files.createDirectories(directory.resolve("model"));
        Files.writeString(model.resolve("model.onnx"), "<!DOCTYPE html><html></html>");
        CommandLineRun page = collect(model, "de", stats);
        assertThat(page.code()).isEqualTo(ExitCode.REJECTED);
        assertThat(page.err()).contains("The base (" + model).contains("is an HTML page");
        assertThat(stats).doesNotExist();
        assertThat(collect(BASE, "de", GERMAN).err()).contains("is not empty");
    }

    private static CommandLineRun collect(Path base, String language, Path out, String... more) {
        return koine(Stream.concat(
                        Stream.of(
                                "statistics",
                                "--base",
                                base.toString(),
                                "--features",
                                GERMAN.toString(),
                                "--language",
                                language,
                                "--out",
                                out.toString()),
                        Stream.of(more))
                .toArray(String[]::new));
    }
}
