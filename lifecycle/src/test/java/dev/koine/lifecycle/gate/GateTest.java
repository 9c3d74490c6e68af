package dev.koine.lifecycle.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.Interval;
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
                        .judge(Comparison.measured(standing(score("ca", 0.50, 0.53))))
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
    void whatMayBeChanceBreaksNoLimit() {
        LanguageScore perhaps = score("de", 0.40, 0.49);
        perhaps.setGrowth(new Interval(0.049, 0.13));
        LanguageScore surely = score("fr", 0.40, 0.49);
        surely.setGrowth(new Interval(0.051, 0.13));
        Interval within = new Interval(0.009, 0.2);
        assertThat(confident(new Comparison(standing(perhaps, score("ca", 0.5, 0.4)), within, null))
                        .reasons())
                .isEmpty();
        assertThat(confident(new Comparison(standing(surely, score("ca", 0.5, 0.4)), within, null))
                        .reasons())
                .containsExactly(
                        "The word error rate of fr (transcribe), which is inside, grows from 40.0 % to 49.0 %, by"
                                + " 5.1 points at least (95 % confidence); at most 5.0 points are allowed.");
        assertThat(confident(new Comparison(standing(perhaps, score("ca", 0.5, 0.4)), new Interval(0.011, 0.13), null))
                        .reasons())
                .containsExactly("The mean error of the languages that are inside grows by 9.0 points, by 1.1 points at"
                        + " least (95 % confidence); at most 1.0 points are allowed.");
    }

    @Test
    void aGainHasToFallShortSurely() {
        assertThat(gain(0.50, new Interval(-0.021, 0.05)).passed()).isTrue();
        assertThat(gain(0.49, new Interval(-0.019, 0.05)).reasons())
                .containsExactly(
                        "The mean error of the expert's own languages falls by 1.0 points, by 1.9 points at most"
                                + " (95 % confidence); it has to fall by 2.0 points at least.");
        assertThat(gain(0.51, new Interval(-0.019, 0.05)).reasons())
                .singleElement()
                .asString()
                .contains("grows by 1.0 points, and falls by 1.9 points at most");
        assertThat(gain(0.60, new Interval(0.04, 0.2)).reasons())
                .singleElement()
                .asString()
                .contains("grows by 10.0 points, by 4.0 points at least");
    }

    private static Verdict gain(double after, Interval growth) {
        return confident(new Comparison(standing(score("ca", 0.50, after)), null, growth));
    }

    private static Verdict confident(Comparison comparison) {
        GatePolicy policy = GatePolicy.newBuilder(POLICY).setConfidence(0.95).build();
        return new Gate(policy, MERGING).judge(comparison);
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
                        .judge(Comparison.measured(List.of(score("de", 0.4, 0.4))))
                        .reasons())
                .singleElement()
                .asString()
                .contains("nn, sv");
        assertThat(new Gate(POLICY, Standings.merging(POLICY, List.of(), List.of()))
                        .judge(Comparison.measured(List.of(score("de", 0.4, 0.4))))
                        .reasons())
                .singleElement()
                .asString()
                .contains("names no language");
        assertThat(new Gate(POLICY, Standings.staying(POLICY, List.of()))
                        .judge(Comparison.measured(List.of(score("de", 0.4, 0.4))))
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
        List<String> reasons =
                new Gate(POLICY, MERGING).judge(Comparison.measured(scores)).reasons();
        assertThat(reasons).hasSize(21);
        assertThat(reasons.get(0)).contains("to 49.0 %");
        assertThat(reasons.get(20)).isEqualTo("And 11 more.");
    }

    @Test
    void theFirstVersionHasNothingToBeComparedWith() {
        LanguageScore first = score("en", null, 0.3);
        first.setBefore(null);
        assertThat(new Gate(POLICY, Standings.staying(POLICY, List.of()))
                        .judge(Comparison.measured(List.of(first)))
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
        return new Gate(POLICY, MERGING).judge(Comparison.measured(standing(scores)));
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
