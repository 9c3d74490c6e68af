package dev.koine.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.cli.console.ExitCode;
import dev.koine.testkit.Fixtures;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Scripts read what commands print: digits and separators are the same in any locale. */
class LocaleTest {
    @ParameterizedTest
    @CsvSource({"ar, SA", "tr, TR"})
    void numbersAreWrittenAlikeInEveryLocale(String language, String country) throws Exception {
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Duser.language=" + language,
                        "-Duser.country=" + country,
                        "-cp",
                        System.getProperty("java.class.path"),
                        Koine.class.getName(),
                        "inspect",
                        Fixtures.ctc("base").toString()))
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isEqualTo(ExitCode.OK);
        assertThat(said).contains("59 weights at 76 places, 333,659 elements");
    }
}
