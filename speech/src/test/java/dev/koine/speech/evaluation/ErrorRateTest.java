package dev.koine.speech.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ErrorRateTest {
    @Test
    void countsInsertionsDeletionsAndSubstitutions() {
        assertThat(ErrorRate.characters("kitten", "sitting")).isEqualTo(new ErrorRate(3, 6));
        assertThat(ErrorRate.words("one two three", " one  three three four")).isEqualTo(new ErrorRate(2, 3));
        assertThat(ErrorRate.words("one two", "")).isEqualTo(new ErrorRate(2, 2));
        assertThat(ErrorRate.characters(" a \uD83D\uDE00", "a \uD83D\uDE01 ")).isEqualTo(new ErrorRate(1, 3));
        assertThat(ErrorRate.characters("a b", "a  b")).isEqualTo(new ErrorRate(1, 3));
    }

    @Test
    void addsUp() {
        assertThat(new ErrorRate(1, 4).plus(new ErrorRate(2, 2)).rate()).isEqualTo(0.5);
        assertThat(ErrorRate.NONE.rate()).isZero();
        assertThat(ErrorRate.words("", "noise").rate()).isInfinite();
    }
}
