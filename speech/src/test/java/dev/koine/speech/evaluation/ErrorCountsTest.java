package dev.koine.speech.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.koine.speech.Loss;
import dev.koine.speech.Task;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ErrorCountsTest {
    private static final List<Score> SCORES = List.of(
            score("the cat sat on the mat", "the cat sat on a mat"),
            score("forty two", "fourteen two"),
            score("a dog and a bird", "a dog and a bird in it"),
            score("one", ""));

    @ParameterizedTest
    @EnumSource(Task.class)
    void ofAllOnceIsTheError(Task task) {
        EvaluationResult result = result(task, SCORES);
        ErrorCounts counts = ErrorCounts.of(result);
        assertThat(counts.utterances()).isEqualTo(SCORES.size());
        assertThat(counts.error(IntStream.range(0, SCORES.size()).toArray()))
                .isPositive()
                .isCloseTo(result.error().orElseThrow(), within(1e-12));
    }

    @Test
    void ofADrawIsTheErrorOfThoseTexts() {
        int[] drawn = {2, 0, 2};
        List<Score> scores = IntStream.of(drawn).mapToObj(SCORES::get).toList();
        assertThat(ErrorCounts.of(result(Task.TRANSCRIBE, SCORES)).error(drawn))
                .isEqualTo(result(Task.TRANSCRIBE, scores).error().orElseThrow());
    }

    @Test
    void bleuKeepsTheOrderOfAllReferences() {
        int[] longest = {0, 0};
        Bleu both = SCORES.get(0).bleu().plus(SCORES.get(0).bleu());
        assertThat(both.referenceOrder()).isEqualTo(4);
        assertThat(ErrorCounts.of(result(Task.TRANSLATE, SCORES)).error(longest))
                .isEqualTo(1 - both.score(3) / 100);
    }

    @Test
    void referencesThatAreAllEmptyHaveNoFiniteError() {
        ErrorCounts counts = ErrorCounts.of(result(Task.TRANSCRIBE, List.of(score("a", "a"), score("", "b"))));
        assertThat(counts.error(new int[] {1, 1})).isInfinite();
        assertThat(counts.error(new int[] {0, 1})).isEqualTo(1);
    }

    @Test
    void aFailureHasNone() {
        EvaluationResult failed =
                new EvaluationResult(new LanguageTask("de", Task.TRANSCRIBE), 3, List.of(), Optional.of("NaN"));
        assertThatThrownBy(() -> ErrorCounts.of(failed))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("de TRANSCRIBE");
    }

    private static Score score(String reference, String text) {
        return Score.of(reference, text, Loss.NONE, TextNormalizer.BASIC);
    }

    private static EvaluationResult result(Task task, List<Score> scores) {
        return new EvaluationResult(new LanguageTask("de", task), scores.size(), scores, Optional.empty());
    }
}
