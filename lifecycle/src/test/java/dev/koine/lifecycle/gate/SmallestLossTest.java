package dev.koine.lifecycle.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.koine.schemas.GatePolicy;
import dev.koine.speech.Loss;
import dev.koine.speech.Task;
import dev.koine.speech.evaluation.Bleu;
import dev.koine.speech.evaluation.ErrorCounts;
import dev.koine.speech.evaluation.ErrorRate;
import dev.koine.speech.evaluation.EvaluationResult;
import dev.koine.speech.evaluation.EvaluationSet;
import dev.koine.speech.evaluation.LanguageTask;
import dev.koine.speech.evaluation.Recording;
import dev.koine.speech.evaluation.Score;
import dev.koine.speech.evaluation.Utterance;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SmallestLossTest {
    private static final LanguageTask DE = new LanguageTask("de", Task.TRANSCRIBE);

    @ParameterizedTest(name = "{0} utterances of {1} words: {2}")
    @CsvSource({"10, 1, 0.285", "10, 2, 0.196", "30, 2, 0.119", "50, 10, 0.068", "1000, 20, 0.053"})
    void fallsWithTheWords(int utterances, int words, double expected) {
        SmallestLoss found =
                only(set(utterances, words), GatePolicies.defaults().build());
        assertThat(found.words()).isEqualTo((long) utterances * words);
        assertThat(found.utterances()).isEqualTo(utterances);
        assertThat(found.loss()).isCloseTo(expected, within(0.001));
        assertThat(found.isBlind(GatePolicies.defaults().build())).isEqualTo(expected > 0.15);
    }

    /** Draws candidates and has the gate's own bootstrap look at them. */
    @ParameterizedTest(name = "{0} utterances of {1} words")
    @CsvSource({"10, 2", "30, 2", "50, 10"})
    void isWhatTheGateSeesHalfOfTheTime(int utterances, int words) {
        GatePolicy policy = GatePolicies.defaults().build();
        double loss = only(set(utterances, words), policy).loss();
        assertThat(seen(utterances, words, loss, policy)).isBetween(0.3, 0.75);
        assertThat(seen(utterances, words, 0.6 * loss, policy)).isLessThan(0.3);
        assertThat(seen(utterances, words, Math.min(1, 2 * loss), policy)).isGreaterThan(0.85);
    }

    @Test
    void withoutConfidenceItIsTheLimit() {
        GatePolicy policy = GatePolicies.defaults().setConfidence(0).build();
        assertThat(only(set(3, 1), policy).loss()).isEqualTo(0.05);
    }

    @Test
    void translationsHaveNone() {
        Utterance translated = new Utterance(recording(0), "de", Task.TRANSLATE, "one two");
        assertThat(SmallestLoss.of(
                        new EvaluationSet(List.of(translated)),
                        GatePolicies.defaults().build()))
                .isEmpty();
    }

    @Test
    void aSetWithoutWordsSeesNothing() {
        EvaluationSet silent = new EvaluationSet(List.of(new Utterance(recording(0), "de", Task.TRANSCRIBE, "...")));
        SmallestLoss found = only(silent, GatePolicies.defaults().build());
        assertThat(found.words()).isZero();
        assertThat(found.loss()).isEqualTo(1);
    }

    private static double seen(int utterances, int words, double loss, GatePolicy policy) {
        SplittableRandom random = new SplittableRandom(7);
        int seen = 0;
        int draws = 200;
        ErrorCounts before = counts(utterances, words, 0, random);
        for (int draw = 0; draw < draws; draw++) {
            ErrorCounts after = counts(utterances, words, loss, random);
            PairedBootstrap bootstrap = new PairedBootstrap(Map.of(DE, before), Map.of(DE, after), draw);
            double least = Objects.requireNonNull(bootstrap.mean(List.of(DE), policy.getConfidence()))
                    .getLow();
            seen += least > policy.getMaxRegression() ? 1 : 0;
        }
        return (double) seen / draws;
    }

    private static ErrorCounts counts(int utterances, int words, double loss, SplittableRandom random) {
        List<Score> scores = new ArrayList<>();
        for (int i = 0; i < utterances; i++) {
            int wrong =
                    (int) random.doubles(words).filter(drawn -> drawn < loss).count();
            ErrorRate rate = new ErrorRate(wrong, words);
            scores.add(new Score(1, rate, rate, Bleu.NONE, Loss.NONE));
        }
        return ErrorCounts.of(new EvaluationResult(DE, utterances, scores, Optional.empty()));
    }

    private static SmallestLoss only(EvaluationSet set, GatePolicy policy) {
        List<SmallestLoss> found = SmallestLoss.of(set, policy);
        assertThat(found).hasSize(1);
        return found.get(0);
    }

    private static EvaluationSet set(int utterances, int words) {
        List<Utterance> made = new ArrayList<>();
        for (int i = 0; i < utterances; i++) {
            made.add(new Utterance(recording(i), "de", Task.TRANSCRIBE, "wort ".repeat(words)));
        }
        return new EvaluationSet(made);
    }

    private static Recording recording(int number) {
        return new Recording(Path.of("features.safetensors"), "r" + number, 1, 1, 4);
    }
}
