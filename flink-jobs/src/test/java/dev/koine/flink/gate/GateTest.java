package dev.koine.flink.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.LanguageScore;
import dev.koine.schemas.Measures;
import dev.koine.schemas.MergedExpert;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class GateTest {
    private static final GatePolicy POLICY = GatePolicy.newBuilder()
            .setMode("ENFORCE")
            .setMaxRegression(0.05)
            .setMaxMeanRegression(0.01)
            .setMinGain(0.02)
            .setGuarded(List.of("EN-us"))
            .build();
    private static final Standings MERGING =
            Standings.merging(POLICY, List.of(expert("de", "de-CH"), expert("fr", "fr")), List.of("ca", "de"));

    @Test
    void aLanguageIsKnownByItsPrimarySubtagInWhateverCase() {
        assertThat(MERGING.of("en")).isEqualTo(Standing.INSIDE);
        assertThat(MERGING.of("DE-at")).isEqualTo(Standing.INSIDE);
        assertThat(MERGING.of("ca-ES")).isEqualTo(Standing.NEW);
        assertThat(MERGING.of("den")).isEqualTo(Standing.OTHER);
    }

    @Test
    void aGoodExpertPasses() {
        assertThat(judge(score("de", 0.40, 0.45), score("fr", 0.30, 0.26), score("ca", 0.50, 0.48))
                        .reasons())
                .isEmpty();
    }

    @Test
    void eachLanguageInsideIsHeldByItself() {
        Verdict verdict = judge(score("de", 0.400, 0.451), score("fr", 0.30, 0.20), score("ca", 0.50, 0.10));
        assertThat(verdict.passed()).isFalse();
        assertThat(verdict.reasons())
                .containsExactly("The word error rate of de (transcribe), which is inside, grows from 40.0 % to 45.1 %;"
                        + " at most 5.0 points are allowed.");
    }

    @Test
    void andEachTask() {
        LanguageScore translated = score("fr", 0.40, 0.60);
        translated.setTask("TRANSLATE");
        assertThat(judge(score("fr", 0.40, 0.10), translated, score("ca", 0.5, 0.1))
                        .reasons())
                .singleElement()
                .asString()
                .startsWith("The error (1 - BLEU / 100) of fr (translate)");
    }

    @Test
    void theMeanIsHeldToo() {
        assertThat(judge(score("de", 0.40, 0.42), score("fr", 0.30, 0.31), score("ca", 0.50, 0.40))
                        .reasons())
                .containsExactly(
                        "The mean error of the languages that are inside grows by 1.5 points; at most 1.0 points"
                                + " are allowed.");
    }

    @Test
    void whatIsNewMayNotGrowWhereNoGainIsAskedFor() {
        GatePolicy lenient =
                GatePolicy.newBuilder().setMode("ENFORCE").setMinGain(0).build();
        assertThat(new Gate(lenient, MERGING)
                        .judge(standing(score("ca", 0.50, 0.53)))
                        .reasons())
                .containsExactly("The mean error of the expert's own languages grows by 3.0 points; at most 0.0 points"
                        + " are allowed.");
    }

    @Test
    void whatIsNewHasToGain() {
        assertThat(judge(score("de", 0.4, 0.4), score("ca", 0.50, 0.49)).reasons())
                .containsExactly(
                        "The mean error of the expert's own languages falls by 1.0 points; it has to fall by 2.0"
                                + " points at least.");
        assertThat(judge(score("ca", 0.50, 0.75)).reasons())
                .singleElement()
                .asString()
                .contains("grows by 25.0 points");
    }

    @Test
    void othersAreReportedOnly() {
        assertThat(judge(score("sv", 0.1, 0.9), score("ca", 0.5, 0.1)).passed()).isTrue();
    }

    @Test
    void aFailureIsNoScore() {
        assertThat(judge(score("de", 0.4, null), score("ca", 0.5, 0.1)).reasons())
                .containsExactly("The evaluation of de (transcribe) failed: NaN logits");
        assertThat(judge(score("de", 0.4, 0.4), score("ca", 0.5, null)).passed())
                .isFalse();
        assertThat(judge(score("de", null, null), score("ca", 0.5, 0.1)).passed())
                .as("the parent failed on it, too")
                .isTrue();
        assertThat(judge(score("de", null, 0.4), score("ca", 0.5, 0.1)).passed())
                .isTrue();
        assertThat(judge(score("sv", 0.4, null), score("ca", 0.5, 0.1)).passed())
                .isTrue();
    }

    @Test
    void anExpertWithoutEvaluationSpeechIsToldWhatIsMissing() {
        assertThat(new Gate(POLICY, Standings.merging(POLICY, List.of(), List.of("sv", "nn-NO")))
                        .judge(List.of(score("de", 0.4, 0.4)))
                        .reasons())
                .singleElement()
                .asString()
                .contains("nn, sv");
        assertThat(new Gate(POLICY, Standings.merging(POLICY, List.of(), List.of()))
                        .judge(List.of(score("de", 0.4, 0.4)))
                        .reasons())
                .singleElement()
                .asString()
                .contains("names no language");
        assertThat(new Gate(POLICY, Standings.staying(POLICY, List.of()))
                        .judge(List.of(score("de", 0.4, 0.4)))
                        .passed())
                .isTrue();
    }

    @Test
    void theWorstComesFirstAndManyAreCut() {
        List<LanguageScore> scores = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            LanguageScore score = score("de", 0.1, 0.2 + i / 100.0);
            scores.add(score);
        }
        List<String> reasons = new Gate(POLICY, MERGING).judge(scores).reasons();
        assertThat(reasons).hasSize(21);
        assertThat(reasons.get(0)).contains("to 49.0 %");
        assertThat(reasons.get(20)).isEqualTo("And 11 more.");
    }

    @Test
    void theFirstVersionHasNothingToBeComparedWith() {
        LanguageScore first = score("en", null, 0.3);
        first.setBefore(null);
        assertThat(new Gate(POLICY, Standings.staying(POLICY, List.of()))
                        .judge(List.of(first))
                        .passed())
                .isTrue();
    }

    @Test
    void aSearchLooksAtWhatTheGateLooksAt() {
        assertThat(Gate.meanError(standing(score("de", 0.0, 0.2), score("ca", 0.0, 0.4), score("sv", 0.0, 0.9))))
                .hasValue((0.2 + 0.4) / 2);
        assertThat(Gate.meanError(standing(score("sv", 0.0, 0.9)))).hasValue(0.9);
        assertThat(Gate.meanError(standing(score("de", 0.0, 0.2), score("ca", 0.0, null))))
                .isEmpty();
    }

    private static Verdict judge(LanguageScore... scores) {
        return new Gate(POLICY, MERGING).judge(standing(scores));
    }

    private static List<LanguageScore> standing(LanguageScore... scores) {
        for (LanguageScore score : scores) {
            score.setStanding(MERGING.of(score.getLanguage()).name());
        }
        return List.of(scores);
    }

    private static LanguageScore score(String language, @Nullable Double before, @Nullable Double after) {
        return LanguageScore.newBuilder()
                .setLanguage(language)
                .setTask("TRANSCRIBE")
                .setStanding(MERGING.of(language).name())
                .setBefore(measures(before))
                .setAfter(measures(after))
                .build();
    }

    private static Measures measures(@Nullable Double error) {
        return Measures.newBuilder()
                .setUtterances(10)
                .setError(error)
                .setFailure(error == null ? "NaN logits" : null)
                .build();
    }

    private static MergedExpert expert(String id, String language) {
        return MergedExpert.newBuilder()
                .setExpertId(id)
                .setRevision(1L)
                .setLanguages(List.of(language))
                .setTasks(List.of())
                .setWeight(1)
                .setBundleDigest("")
                .setTaskVectorDigest("")
                .build();
    }
}
