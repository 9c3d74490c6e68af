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
        CommandLineRun plain = koine(
                "merge",
                "--base",
                BASE,
                "--expert",
                CA,
                "--protect",
                of("fr"),
                "--out",
                directory.resolve("plain") + "");
        assertThat(plain.code()).isEqualTo(ExitCode.REJECTED);
        assertThat(plain.err()).contains("this recipe's is COMPACT");
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
        return koine(Stream.concat(
                        Stream.of(
                                "merge",
                                "--base",
                                BASE,
                                "--method",
                                "REGMEAN",
                                "--out",
                                directory.resolve(name).toString()),
                        Stream.of(words))
                .toArray(String[]::new));
    }
}
