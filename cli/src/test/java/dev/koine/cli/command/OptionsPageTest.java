package dev.koine.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.cli.Koine;
import dev.koine.cli.option.JobOptionWords;
import dev.koine.cli.option.UpOptions;
import dev.koine.lifecycle.option.JobOption;
import dev.koine.lifecycle.option.MergeJobOptions;
import dev.koine.lifecycle.option.OptionGroup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** The page on options, the commands and what is in {@code deploy} have the merge job's names and words. */
class OptionsPageTest {
    private static final Path PAGE = Path.of("..", "docs", "options.md");
    private static final Path DEPLOY = Path.of("..", "deploy");
    private static final String WRITE = "mvn -pl cli -am test -Dtest=OptionsPageTest -Doptions.write=true"
            + " -Dsurefire.failIfNoSpecifiedTests=false";
    private static final Pattern ARGUMENT = Pattern.compile("--([a-z][a-z.*]*)");
    private static final Pattern KEY = Pattern.compile("(?m)^\\s*koine\\.([a-z.]+)\\s*:");

    static Stream<JobOption<?>> ofUp() {
        return MergeJobOptions.all().stream().filter(UpOptions::has);
    }

    static Stream<OptionSpec> inTheJobsWords() {
        return Koine.line().getSubcommands().values().stream()
                .flatMap(command -> command.getCommandSpec().options().stream())
                .filter(option -> option.descriptionKey() != null
                        && option.descriptionKey().startsWith("job."));
    }

    @Test
    void thePageIsWhatIsDeclared() throws Exception {
        if (Boolean.getBoolean("options.write")) {
            Files.writeString(PAGE, page());
        }
        assertThat(PAGE)
                .as("made of MergeJobOptions; to write it again: %s", WRITE)
                .hasContent(page());
    }

    @ParameterizedTest
    @MethodSource("ofUp")
    void upHasTheOptionWithDashes(JobOption<?> option) {
        CommandLine up = Objects.requireNonNull(Koine.line().getSubcommands().get("up"));
        OptionSpec found = up.getCommandSpec().findOption(option.dashed());
        assertThat(found).as(option.dashed()).isNotNull();
        assertThat(String.join("", found.description()))
                .containsIgnoringCase(option.description())
                .contains("(default: ");
    }

    @ParameterizedTest
    @MethodSource("inTheJobsWords")
    void aCommandsOptionHasTheJobsWords(OptionSpec option) {
        JobOption<?> declared = MergeJobOptions.find(option.descriptionKey().substring("job.".length()))
                .orElseThrow();
        assertThat(option.description()).containsExactly(JobOptionWords.sentence(declared, declared.presetText()));
    }

    @Test
    void someCommandsHaveOptionsOfTheJob() {
        assertThat(inTheJobsWords()).hasSizeGreaterThan(3);
    }

    @Test
    void whatDeployGivesTheJobIsThere() throws IOException {
        String started = Files.readAllLines(DEPLOY.resolve("local/cluster")).stream()
                .filter(line -> line.contains("--bootstrap.servers"))
                .findFirst()
                .orElseThrow();
        assertThat(names(ARGUMENT, started)).hasSizeGreaterThan(3).allMatch(OptionsPageTest::isDeclared);
        try (Stream<Path> files = Files.walk(DEPLOY)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                assertThat(names(KEY, Files.readString(file))).as("%s", file).allMatch(OptionsPageTest::isDeclared);
            }
        }
    }

    private static List<String> names(Pattern pattern, String text) {
        return pattern.matcher(text)
                .results()
                .map((MatchResult found) -> found.group(1))
                .toList();
    }

    private static boolean isDeclared(String name) {
        return MergeJobOptions.find(name).isPresent();
    }

    private static String page() {
        StringBuilder page = new StringBuilder("# Options of the merge job\n\n");
        page.append("<!-- Made of MergeJobOptions, do not edit. Write it again: ")
                .append(WRITE)
                .append(" -->\n\n")
                .append("""
                        An option is an argument of the job, `--retention.versions 20`, or an entry of Flink's configuration with `koine.` before its name,
                        `koine.retention.versions: 20`. Arguments go before entries. For `koine up` names have dashes for dots,
                        `--retention-versions 20`, where the column says so; the others it sets itself. There, places may be folders too, and `--allow` is given once
                        for each place. What is no option, or no value of one, ends the job before it begins.
                        """);
        for (OptionGroup group : OptionGroup.values()) {
            page.append("\n## ").append(group.title()).append("\n\n");
            page.append("| option | value | default | `koine up` | what it is |\n|---|---|---|---|---|\n");
            MergeJobOptions.all().stream()
                    .filter(option -> option.group() == group)
                    .forEach(option -> page.append(row(option)));
        }
        return page.toString();
    }

    private static String row(JobOption<?> option) {
        return "| `" + option.name() + "` | " + option.type().wanted() + " | "
                + (option.isRequired() ? "(required)" : option.presetText()) + " | "
                + (UpOptions.has(option) ? "`" + option.dashed() + "`" : "") + " | " + option.description() + " |\n";
    }
}
