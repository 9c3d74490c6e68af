package dev.koine.speech.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** What sacreBLEU has no word for; the rest is held to its numbers by {@link ReferenceScoresTest}. */
class BleuTest {
    /** References of one and three tokens: n-grams up to two count, three of four tokens and one of two pairs are right. */
    @Test
    void countsNoLongerNgramsThanReferencesHaveOnAverage() {
        Bleu counts = Bleu.of("seven", "seven").plus(Bleu.of("one two three", "one two four"));
        assertThat(counts.scoreOfReferenceOrder()).isCloseTo(100 * Math.sqrt(0.75 * 0.5), within(1e-9));
    }

    @Test
    void isPlainBleuOnSentences() {
        Bleu counts = Bleu.of("the cat sat on the mat", "the cat sat on a mat");
        assertThat(counts.scoreOfReferenceOrder()).isEqualTo(counts.score()).isPositive();
    }

    @Test
    void nothingIsRightInNothing() {
        assertThat(Bleu.NONE.scoreOfReferenceOrder()).isZero();
        assertThat(Bleu.of("", "").scoreOfReferenceOrder()).isZero();
    }
}
