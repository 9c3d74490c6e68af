package dev.koine.cli.command.offline;

import static dev.koine.cli.CommandLineRun.koine;
import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.cli.CommandLineRun;
import dev.koine.cli.console.ExitCode;
import dev.koine.engine.store.Bundle;
import dev.koine.testkit.Fixtures;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code koine merge} of experts that are weighed by what {@code koine statistics} made. */
class WeighedMergeTest {
    private static final String BASE = Fixtures.ctc("base").toString();
    private static final String CA = "ca=" + Fixtures.ctc("ca");
    private static final String DE = "de=" + Fixtures.ctc("de");

    @TempDir
    Path directory;

    @BeforeEach
    void collect() {
        for (String language : new String[] {"ca", "de", "fr"}) {
            CommandLineRun run = koine(
                    "statistics",
                    "--base",
                    BASE,
                    "--features",
                    Fixtures.CTC.resolve("evaluation").resolve(language).toString(),
                    "--language",
                    language,
                    "--utterances",
                    "3",
                    "--rank",
                    "8",
                    "--out",
                    statistics(language));
            assertThat(run.code()).as(run.err()).isEqualTo(ExitCode.OK);
        }
    }

    private String statistics(String language) {
        return directory.resolve("statistics-" + language).toString();
    }

    private String of(String language) {
        return language + "=" + statistics(language);
    }

    @Test
    void theOrderCountsForNothingAndEveryOtherWordForSomething() throws Exception {
        String both =
                digest("both", "--expert", CA, "--expert", DE, "--statistics", of("ca"), "--statistics", of("de"));
        assertThat(digest("turned", "--statistics", of("de"), "--expert", DE, "--statistics", of("ca"), "--expert", CA))
                .isEqualTo(both);
        String[] words = {
            "--expert", CA, "--expert", DE, "--statistics", of("ca"), "--statistics", of("de"), "--protect"
        };
        String protectedBy = digest("protected", with(words, of("fr")));
        assertThat(protectedBy).isNotEqualTo(both);
        assertThat(digest("half", with(words, of("fr") + "@0.5"))).isNotEqualTo(protectedBy);
        assertThat(digest("same", with(words, of("fr") + "@0.25"))).isEqualTo(protectedBy);
    }

    @Test
    void whatDoesNotFitIsSaid() {
        CommandLineRun none = merge("none", "--expert", CA);
        assertThat(none.code()).isEqualTo(ExitCode.REJECTED);
        assertThat(none.err()).contains("NO_STATISTICS", "koine statistics");
        CommandLineRun other = merge("other", "--expert", CA, "--statistics", of("de"));
        assertThat(other.code()).isEqualTo(ExitCode.USAGE);
        assertThat(other.err()).contains("--statistics de=... is for no expert");
        CommandLineRun weight =
                merge("weight", "--expert", CA, "--statistics", of("ca"), "--protect", of("fr") + "@-1");
        assertThat(weight.code()).isEqualTo(ExitCode.USAGE);
        assertThat(weight.err()).contains("has to be a finite number over 0");
        CommandLineRun gone = merge("gone", "--expert", CA, "--statistics", of("ca"), "--protect", "fr=nowhere");
        assertThat(gone.code()).isEqualTo(ExitCode.USAGE);
        assertThat(gone.err()).contains("there is no folder nowhere");
        CommandLineRun twice =
                merge("twice", "--expert", CA, "--statistics", of("ca"), "--protect", "ca" + of("fr").substring(2));
        assertThat(twice.code()).isEqualTo(ExitCode.USAGE);
        assertThat(twice.err()).contains("--protect ca=... is there already");
        CommandLineRun model = merge("model", "--expert", CA, "--statistics", CA);
        assertThat(model.code()).isEqualTo(ExitCode.REJECTED);
        assertThat(model.err()).contains("MISSING_FILE", "that koine statistics wrote");
        CommandLineRun again =
                merge("again", "--expert", CA, "--statistics", of("ca"), "--statistics", "ca" + of("de").substring(2));
        assertThat(again.code()).isEqualTo(ExitCode.USAGE);
        assertThat(again.err()).contains("--statistics ca=... is given twice", "leave " + statistics("de") + " out");
        CommandLineRun unnamed = merge("unnamed", "--expert", CA, "--statistics", statistics("ca"));
        assertThat(unnamed.code()).isEqualTo(ExitCode.USAGE);
        assertThat(unnamed.err()).contains("names no expert; give NAME=STATS");
        CommandLineRun tag =
                merge("tag", "--expert", CA, "--statistics", of("ca"), "--protect", "fr_FR" + of("fr").substring(2));
        assertThat(tag.code()).isEqualTo(ExitCode.USAGE);
        assertThat(tag.err()).contains("'fr_FR' is no BCP 47 tag");
        CommandLineRun whisper = koine(
                "merge",
                "--base",
                Fixtures.whisper("base").toString(),
                "--method",
                "REGMEAN",
                "--expert",
                "de=" + Fixtures.whisper("de"),
                "--statistics",
                of("de"),
                "--out",
                directory.resolve("whisper").toString());
        assertThat(whisper.code()).isEqualTo(ExitCode.REJECTED);
        assertThat(whisper.err()).contains("STATISTICS_MISMATCH");
        assertThat(directory).isDirectoryNotContaining(path -> Files.exists(path.resolve("model.onnx")));
    }

    /** Statistics and protected languages say it as well as the method's name does. */
    @Test
    void theMethodIsThatWhichWeighsWhereNoneIsNamed() throws Exception {
        String[] words = {"--expert", CA, "--statistics", of("ca")};
        String named = digest("named", words);
        CommandLineRun unnamed = plain("unnamed", words);
        assertThat(unnamed.code()).as(unnamed.err()).isEqualTo(ExitCode.OK);
        assertThat(unnamed.out()).contains(named);
        assertThat(plain("rank", with(words, "--rank=4")).out())
                .contains(digest("named-rank", with(words, "--rank=4")))
                .doesNotContain(named);
        CommandLineRun alone = plain("alone", "--expert", CA, "--protect", of("fr"));
        assertThat(alone.code()).isEqualTo(ExitCode.REJECTED);
        assertThat(alone.err()).contains("NO_STATISTICS");
    }

    @ParameterizedTest
    @ValueSource(strings = {"statistics", "protect"})
    void aMethodThatWeighsByNoneIsRefused(String option) {
        CommandLineRun run = plain("sum", "--expert", CA, "--method=COMPACT", "--" + option, of("ca"));
        assertThat(run.code()).isEqualTo(ExitCode.USAGE);
        assertThat(run.err())
                .contains("--" + option + " is given, and COMPACT weighs by no statistics; leave --method out");
        assertThat(directory.resolve("sum")).doesNotExist();
    }

    private static String[] with(String[] words, String last) {
        return Stream.concat(Stream.of(words), Stream.of(last)).toArray(String[]::new);
    }

    private String digest(String name, String... words) throws Exception {
        CommandLineRun run = merge(name, words);
        assertThat(run.code()).as(run.err()).isEqualTo(ExitCode.OK);
        String digest = Bundle.describe(directory.resolve(name)).digest();
        assertThat(run.out()).contains(digest);
        return digest;
    }

    private CommandLineRun merge(String name, String... words) {
        return plain(name, with(words, "--method=REGMEAN"));
    }

    private CommandLineRun plain(String name, String... words) {
        return koine(Stream.concat(
                        Stream.of(
                                "merge",
                                "--base",
                                BASE,
                                "--out",
                                directory.resolve(name).toString()),
                        Stream.of(words))
                .toArray(String[]::new));
    }
}
