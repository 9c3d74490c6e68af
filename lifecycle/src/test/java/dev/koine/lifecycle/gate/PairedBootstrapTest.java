package dev.koine.lifecycle.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.koine.schemas.Interval;
import dev.koine.speech.Loss;
import dev.koine.speech.Task;
import dev.koine.speech.evaluation.ErrorCounts;
import dev.koine.speech.evaluation.EvaluationResult;
import dev.koine.speech.evaluation.LanguageTask;
import dev.koine.speech.evaluation.Score;
import dev.koine.speech.evaluation.TextNormalizer;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PairedBootstrapTest {
    private static final int UTTERANCES = 100;
    private static final String REFERENCE = "one two three four five six seven eight nine ten";
    private static final String WITH_TWO_ERRORS = "one two three four five six seven eight x y";
    private static final LanguageTask DE = new LanguageTask("de", Task.TRANSCRIBE);
    private static final LanguageTask FR = new LanguageTask("fr", Task.TRANSCRIBE);
    private static final LanguageTask TRANSLATED = new LanguageTask("de", Task.TRANSLATE);

    /** Half of the utterances get 0.2 errors a word: 0.1 on average, with a standard deviation of 0.1, 0.01 for the mean of 100. */
    @Test
    void boundsAreThoseOfTheNormalDistributionWhereThatHolds() {
        PairedBootstrap bootstrap =
                new PairedBootstrap(Map.of(DE, counts(DE, i -> false)), Map.of(DE, counts(DE, i -> i % 2 == 0)), 1);
        Interval of95 = mean(bootstrap, 0.95);
        assertThat(of95.getLow()).isCloseTo(0.1 - 0.01645, within(0.0025));
        assertThat(of95.getHigh()).isCloseTo(0.1 + 0.01645, within(0.0025));
        Interval of99 = mean(bootstrap, 0.99);
        assertThat(of99.getLow()).isCloseTo(0.1 - 0.02326, within(0.004)).isLessThan(of95.getLow());
        Interval median = mean(bootstrap, 0.5);
        assertThat(median.getLow()).isCloseTo(0.1, within(0.002));
    }

    @Test
    void whatIsHardForBothIsNoDifference() {
        ErrorCounts hard = counts(DE, i -> i % 3 == 0);
        assertThat(new PairedBootstrap(Map.of(DE, hard), Map.of(DE, hard), 1).mean(List.of(DE), 0.999))
                .isEqualTo(new Interval(0.0, 0.0));
    }

    @Test
    void tasksOfALanguageShareTheirLuckAndLanguagesDoNot() {
        ErrorCounts good = counts(DE, i -> false);
        ErrorCounts bad = counts(DE, i -> i % 2 == 0);
        ErrorCounts goodTranslation = counts(TRANSLATED, i -> false);
        ErrorCounts badTranslation = counts(TRANSLATED, i -> i % 2 == 0);
        ErrorCounts spared = counts(TRANSLATED, i -> i % 2 == 1);
        double alike =
                width(Map.of(DE, good, TRANSLATED, goodTranslation), Map.of(DE, bad, TRANSLATED, badTranslation));
        double opposite = width(Map.of(DE, good, TRANSLATED, goodTranslation), Map.of(DE, bad, TRANSLATED, spared));
        double languages = width(Map.of(DE, good, FR, good), Map.of(DE, bad, FR, bad));
        assertThat(alike).isGreaterThan(3 * opposite);
        assertThat(languages)
                .as("errors that are drawn apart average out")
                .isCloseTo(2 * 0.01645 / Math.sqrt(2), within(0.004));
    }

    @Test
    void theSeedDecides() {
        Map<LanguageTask, ErrorCounts> before = Map.of(DE, counts(DE, i -> false));
        Map<LanguageTask, ErrorCounts> after = Map.of(DE, counts(DE, i -> i % 7 == 0));
        Interval one = new PairedBootstrap(before, after, 1).mean(List.of(DE), 0.95);
        assertThat(new PairedBootstrap(before, after, 1).mean(List.of(DE), 0.95))
                .isEqualTo(one);
        assertThat(IntStream.range(2, 12)
                        .mapToObj(seed -> new PairedBootstrap(before, after, seed).mean(List.of(DE), 0.95)))
                .anyMatch(other -> !other.equals(one));
    }

    @Test
    void whatOneOfTheModelsFailedOnHasNoInterval() {
        PairedBootstrap bootstrap = new PairedBootstrap(
                Map.of(DE, counts(DE, i -> false)), Map.of(DE, counts(DE, i -> true), FR, counts(FR, i -> true)), 1);
        assertThat(bootstrap.mean(List.of(FR), 0.95)).isNull();
        assertThat(bootstrap.mean(List.of(), 0.95)).isNull();
        assertThat(bootstrap.mean(List.of(DE, FR), 0.95)).isEqualTo(bootstrap.mean(List.of(DE), 0.95));
    }

    private static Interval mean(PairedBootstrap bootstrap, double confidence) {
        return Objects.requireNonNull(bootstrap.mean(List.of(DE), confidence));
    }

    private static double width(Map<LanguageTask, ErrorCounts> before, Map<LanguageTask, ErrorCounts> after) {
        Interval interval = Objects.requireNonNull(new PairedBootstrap(before, after, 1).mean(after.keySet(), 0.95));
        return interval.getHigh() - interval.getLow();
    }

    private static ErrorCounts counts(LanguageTask what, IntPredicate hasErrors) {
        List<Score> scores = IntStream.range(0, UTTERANCES)
                .mapToObj(i -> Score.of(
                        REFERENCE, hasErrors.test(i) ? WITH_TWO_ERRORS : REFERENCE, Loss.NONE, TextNormalizer.BASIC))
                .toList();
        return ErrorCounts.of(new EvaluationResult(what, UTTERANCES, scores, Optional.empty()));
    }
}
