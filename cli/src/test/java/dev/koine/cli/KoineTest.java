package dev.koine.cli;

import static dev.koine.cli.CommandLineRun.koine;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KoineTest {

    @ParameterizedTest
    @ValueSource(strings = {"demo", "up", "register", "submit", "retract", "history", "verify", "merge", "inspect"})
    void everyCommandHasHelpWithAnExample(String command) {
        CommandLineRun run = koine(command, "--help");
        assertThat(run.code()).isEqualTo(ExitCode.OK);
        assertThat(run.out()).contains("Usage: koine " + command, "Example:", "koine " + command);
        assertThat(koine("--help").out()).contains(command);
    }

    @Test
    void aWrongCommandLineSaysWhatIsMissing() {
        CommandLineRun run = koine("submit", "--model", "m", "somewhere");
        assertThat(run.code()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains("--expert");
    }

    @Test
    void noCommandShowsUsage() {
        CommandLineRun run = koine();
        assertThat(run.code()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err()).contains("Usage: koine");
    }

    @Test
    void aBrokerThatIsNotThereIsOneSentence() {
        CommandLineRun run = koine("history", "--model", "m", "--bootstrap-servers", "127.0.0.1:1");
        assertThat(run.code()).isEqualTo(ExitCode.TROUBLE);
        assertThat(run.err().strip().lines()).hasSize(1).allMatch(line -> line.contains("127.0.0.1:1"));
    }

    @Test
    void aFolderThatIsNotThereIsOneSentence() {
        CommandLineRun run = koine("inspect", "no-such-folder");
        assertThat(run.code()).isNotEqualTo(ExitCode.OK);
        assertThat(run.err().strip().lines()).hasSize(1).allMatch(line -> line.contains("no-such-folder"));
    }
}
