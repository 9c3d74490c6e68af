package dev.koine.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlainTest {
    @ParameterizedTest
    @ValueSource(strings = {"\u001b[2J", "\u009b2J", "\r", "\n", "\u0007", "\u202e", "\u2028", "\ud800", "\u0000"})
    void whatSteersATerminalIsNotPrinted(String hostile) {
        assertThat(Plain.of("a" + hostile + "b"))
                .startsWith("a?")
                .doesNotContain(hostile.substring(0, 1))
                .endsWith("b");
    }

    @Test
    void otherTextStaysAsItIs() {
        String text = "Català, 日本語, \ud83d\ude00: it's \"fine\" (100 %)";
        assertThat(Plain.of(text)).isEqualTo(text);
    }
}
