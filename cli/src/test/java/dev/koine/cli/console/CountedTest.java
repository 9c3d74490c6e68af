package dev.koine.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CountedTest {
    @ParameterizedTest
    @CsvSource({"0, 0 versions", "1, 1 version", "2, 2 versions"})
    void oneIsOne(long number, String said) {
        assertThat(Counted.of(number, "version")).isEqualTo(said);
    }
}
