package dev.koine.cli;

import static dev.koine.cli.CommandLineRun.koine;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.koine.accelerator.DeviceDecomposition;
import dev.koine.cli.console.ExitCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class KoineTest {

    static Stream<String> commands() {
        return Koine.line().getSubcommands().keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandHasHelpWithAnExample(String command) {
        CommandLineRun run = koine(command, "--help");
        assertThat(run.code()).isEqualTo(ExitCode.OK);
        assertThat(run.out()).contains("Usage: koine " + command, "Example:", "koine " + command);
        assertThat(koine("--help").out()).contains(command);
    }

    @Test
    void bashCompletesCommandsAndTheirOptions(@TempDir Path folder) throws Exception {
        Path script = Files.writeString(
                folder.resolve("complete"),
                koine("completion").out()
                        + "\nCOMP_WORDS=(koine sub); COMP_CWORD=1; _complete_koine; echo ${COMPREPLY[@]}"
                        + "\nCOMP_WORDS=(koine submit --exp); COMP_CWORD=2; _complete_koine; echo ${COMPREPLY[@]}\n");
        Process bash = new ProcessBuilder("bash", script.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo("submit\n--expert\n");
    }

    @Test
    void aWrongCommandLineSaysWhatIsMissing() {
        CommandLineRun run = koine("submit", "--model", "m", "somewhere");
        assertThat(run.code()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains("--expert");
    }

    @Test
    void theListOfCommandsHasWholeSentences() {
        assertThat(Koine.line().getSubcommands().values()).allSatisfy(command -> assertThat(
                        command.getCommandSpec().usageMessage().description()[0])
                .endsWith("."));
    }

    @Test
    void everyCommandSaysTheVersionThatTheBuildGave() {
        assertThat(koine("--version").out())
                .isEqualTo(koine("merge", "--version").out())
                .matches("koine \\d+\\.\\d+\\.\\d+(-SNAPSHOT)?\\s*");
    }

    @Test
    void noCommandShowsUsage() {
        CommandLineRun run = koine();
        assertThat(run.code()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains("Usage: koine");
    }

    @Test
    void anExpertIsAFolderOrACombination() {
        CommandLineRun both =
                koine("submit", "--model", "m", "--expert", "pt", "--combine", "pt=0.7*es+0.3*ca", "somewhere");
        assertThat(both.code()).isEqualTo(ExitCode.USAGE);
        CommandLineRun none = koine("submit", "--model", "m", "--combine", "0.7*es");
        assertThat(none.code()).isEqualTo(ExitCode.USAGE);
        assertThat(none.err()).contains("begin with the new expert's name");
    }

    @Test
    void aBrokerThatIsNotThereIsOneSentence() {
        CommandLineRun run = koine("history", "--model", "m", "--bootstrap-servers", "127.0.0.1:1");
        assertThat(run.code()).isEqualTo(ExitCode.TROUBLE);
        assertThat(run.err().strip().lines()).hasSize(1).allMatch(line -> line.contains("127.0.0.1:1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"nosuchhost.invalid:9092", "localhost"})
    void aBrokerOfNoSuchNameIsOneSentence(String broker) {
        for (String command : new String[] {"history", "status", "topics"}) {
            CommandLineRun run = koine(command, "--bootstrap-servers", broker);
            assertThat(run.code()).isEqualTo(ExitCode.TROUBLE);
            assertThat(run.err().strip().lines()).hasSize(1).allMatch(line -> line.contains("'" + broker + "'"));
        }
    }

    @Test
    void whatIsKnownNotToBeThereIsToldBeforeTheJobStarts(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "no folder");
        CommandLineRun folder = koine("up", "--dir", file.toString(), "--port", "0");
        assertThat(folder.err()).contains(file + " is a file; name a folder.");
        CommandLineRun store = koine("up", "--dir", directory + "/a", "--port", "0", "--store", file.toString());
        assertThat(store.err()).contains(file + " is a file; name a folder.");
        assertThat(List.of(folder.code(), store.code())).containsOnly(ExitCode.TROUBLE);
    }

    @Test
    void aDeviceThatIsNotThereIsToldBeforeTheJobStarts(@TempDir Path directory) {
        assumeThat(catchThrowable(DeviceDecomposition::requireCudaBuild)).isNotNull();
        CommandLineRun up = koine("up", "--dir", directory + "/b", "--port", "0", "--device", "cuda");
        assertThat(up.err()).contains("Build with mvn -Pcuda");
        assertThat(up.code()).isEqualTo(ExitCode.TROUBLE);
    }

    @Test
    void aFolderThatIsNotThereIsOneSentence() {
        CommandLineRun run = koine("inspect", "no-such-folder");
        assertThat(run.code()).isNotEqualTo(ExitCode.OK);
        assertThat(run.err().strip().lines()).hasSize(1).allMatch(line -> line.contains("no-such-folder"));
    }

    @Test
    void aWrongCommandLineIsOneSentence() {
        CommandLineRun run = koine("submit", "--model", "m", "somewhere");
        assertThat(run.err().strip().lines())
                .hasSize(1)
                .allMatch(line -> line.startsWith("koine: Missing") && line.endsWith("See koine submit --help."));
    }

    @Test
    void filesForLaterAreCheckedBeforeLongWork(@TempDir Path directory) throws IOException {
        CommandLineRun report =
                koine("demo", "--report", directory.resolve("none/r.json").toString());
        assertThat(report.code()).isEqualTo(ExitCode.TROUBLE);
        assertThat(report.err().strip().lines()).hasSize(1).allMatch(line -> line.contains("make it first"));

        Files.writeString(directory.resolve("mine"), "mine");
        CommandLineRun inUse = koine("demo", "--dir", directory.toString());
        assertThat(inUse.code()).isEqualTo(ExitCode.TROUBLE);
        assertThat(inUse.err().strip().lines()).hasSize(1).allMatch(line -> line.contains("not empty"));

        CommandLineRun allow = koine("up", "--dir", directory.resolve("d").toString(), "--allow", "no-such-folder");
        assertThat(allow.code()).isEqualTo(ExitCode.TROUBLE);
        assertThat(allow.err().strip().lines()).hasSize(1).allMatch(line -> line.contains("no-such-folder"));
    }

    @Test
    void theBrokerMayStandInTheConfiguration(@TempDir Path directory) throws IOException {
        Path config = directory.resolve("kafka.properties");
        Files.writeString(config, "bootstrap.servers=127.0.0.1:2\ndefault.api.timeout.ms=1000\n");
        CommandLineRun run = koine("history", "--model", "m", "--kafka-config", config.toString());
        assertThat(run.code()).isEqualTo(ExitCode.TROUBLE);
        assertThat(run.err()).contains("127.0.0.1:2");

        CommandLineRun missing = koine("history", "--model", "m", "--kafka-config", config + ".none");
        assertThat(missing.code()).isEqualTo(ExitCode.TROUBLE);
        assertThat(missing.err().strip().lines()).hasSize(1).allMatch(line -> line.contains("kafka.properties.none"));
    }

    @Test
    void aBrokerWithoutAnAddressSaysWhy() {
        CommandLineRun run = koine("history", "--model", "m", "--bootstrap-servers", "no-port");
        assertThat(run.code()).isEqualTo(ExitCode.TROUBLE);
        assertThat(run.err().strip().lines()).hasSize(1).allMatch(line -> line.contains("no-port"));
    }
}
