package dev.koine.cli.command.offline;

import static dev.koine.cli.CommandLineRun.koine;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.koine.cli.CommandLineRun;
import dev.koine.cli.console.ExitCode;
import dev.koine.testkit.Fixtures;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code koine evalset} and {@code koine evaluate}. */
class EvaluateCommandTest {
    private static final String BASE = Fixtures.ctc("base").toString();
    private static final Path SPEECH = Fixtures.ctc("evaluation");

    @TempDir
    Path directory;

    @Test
    void aDrawnSetIsEvaluatedLikeItsSources() throws Exception {
        String set = directory.resolve("set").toString();
        CommandLineRun drawn =
                koine("evalset", "--sample", "7", "--seed", "3", "--out", set, speech("ca"), speech("de"));
        assertThat(drawn.code()).as(drawn.err()).isEqualTo(ExitCode.OK);
        assertThat(drawn.out())
                .containsPattern("ca +transcribe +7 +\\d+ +[1-9]\\d points")
                .containsPattern("de +transcribe +7")
                .contains("sha256:");
        String again = directory.resolve("again").toString();
        assertThat(koine("evalset", "--sample", "7", "--seed", "3", "--out", again, speech("de"), speech("ca"))
                        .out())
                .as("the order of the sources changes no byte")
                .isEqualTo(drawn.out());

        JsonNode ofSet =
                new JsonMapper().readTree(koine("evaluate", "--json", BASE, set).out());
        JsonNode ofSources = new JsonMapper()
                .readTree(koine("evaluate", "--json", "--sample", "7", "--seed", "3", BASE, speech("ca"), speech("de"))
                        .out());
        assertThat(ofSet).isEqualTo(ofSources).hasSize(2);
        assertThat(ofSet.get(0).get("language").textValue()).isEqualTo("ca");
        assertThat(ofSet.get(0).get("wer").doubleValue()).isBetween(0.05, 1.0);
        assertThat(ofSet.get(0).get("failure").isNull()).isTrue();
        CommandLineRun table = koine("evaluate", BASE, set);
        assertThat(table.code()).isEqualTo(ExitCode.OK);
        assertThat(table.out()).contains("WER %").contains("mean error");
    }

    @Test
    void aFileThatIsNoModelIsKnownForWhatItIsBeforeTheRuntimeSeesIt() throws Exception {
        Path model = Files.createDirectories(directory.resolve("model"));
        Files.writeString(model.resolve("model.onnx"), "");
        assertThat(koine("evaluate", model.toString(), speech("de")).err()).contains("'model.onnx' is empty");
        Files.writeString(model.resolve("model.onnx"), "<!DOCTYPE html><html></html>");
        assertThat(koine("evaluate", model.toString(), speech("de")).err()).contains("is an HTML page");
        Files.delete(model.resolve("model.onnx"));
        Files.writeString(model.resolve("adapter_config.json"), "{}");
        Files.write(model.resolve("adapter_model.safetensors"), new byte[16]);
        CommandLineRun adapter = koine("evaluate", model.toString(), speech("de"));
        assertThat(adapter.err()).contains("adapter");
        assertThat(adapter.code()).isEqualTo(ExitCode.REJECTED);
    }

    @Test
    void limitsThatNoWorkerCanHaveAreAWrongCommandLine() {
        CommandLineRun memory = koine("evaluate", "--quarantine-memory", "1", BASE, speech("de"));
        assertThat(memory.code()).isEqualTo(ExitCode.USAGE);
        assertThat(memory.err()).contains("--quarantine-memory takes a number from 256 to 16777216, not 1.");
        assertThat(koine("evaluate", "--quarantine-time", "0", BASE, speech("de"))
                        .code())
                .isEqualTo(ExitCode.USAGE);
    }

    @Test
    void whatCannotBeUsedIsSaidInASentence() throws Exception {
        Path broken = Files.createDirectories(directory.resolve("broken"));
        Files.copy(SPEECH.resolve("ca/features.safetensors"), broken.resolve("features.safetensors"));
        Files.writeString(broken.resolve("references.jsonl"), "{\"id\": 1}\n");
        CommandLineRun run = koine("evalset", "--out", directory.resolve("out").toString(), broken.toString());
        assertThat(run.code()).isEqualTo(ExitCode.REJECTED);
        assertThat(run.err()).contains("Line 1 of references.jsonl");
        assertThat(koine("evaluate", BASE, directory.resolve("nothing").toString())
                        .err())
                .contains("There is no folder");
        assertThat(koine("evaluate", "--sample", "0", BASE, speech("ca")).code())
                .isEqualTo(ExitCode.USAGE);
        assertThat(koine("evalset", "--out", speech("ca"), speech("ca")).err()).contains("is not empty");
    }

    private static String speech(String language) {
        return SPEECH.resolve(language).toString();
    }
}
