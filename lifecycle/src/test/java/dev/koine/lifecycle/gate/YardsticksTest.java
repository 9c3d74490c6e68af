package dev.koine.lifecycle.gate;

import static dev.koine.lifecycle.gate.GatedStream.held;
import static dev.koine.lifecycle.gate.GatedStream.isHeld;
import static dev.koine.lifecycle.gate.GatedStream.score;
import static dev.koine.lifecycle.gate.Yardstick.BASE;
import static dev.koine.lifecycle.gate.Yardstick.BEST;
import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.GateReport;
import dev.koine.schemas.YardstickScore;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Words wrong of five hundred: five are a point. */
class YardsticksTest {
    private static final int POINT = CountingExaminer.UTTERANCES * CountingExaminer.WORDS / 100;
    private static final List<String> OTHERS = List.of("aa", "bb", "cc", "dd", "ee", "ff", "gg", "hh", "ii", "jj");

    @TempDir
    Path directory;

    private GatePolicy.Builder policy;

    @BeforeEach
    void enforceTheDefaults() {
        policy = GatePolicies.defaults().setMode("ENFORCE").setGuarded(List.of("en"));
    }

    @Test
    void manySmallLossesPassWhereOnlyTheParentIsAsked() throws Exception {
        GatedStream stream = stream();
        for (int i = 0; i < OTHERS.size(); i++) {
            assertThat(stream.merge(OTHERS.get(i), slipped(i + 1)).getPassed()).isTrue();
        }
        assertThat(score(stream.newest().getGate(), "en").getAfter().getError())
                .as("from 20 %")
                .isEqualTo(0.40);
        assertThat(stream.newest().getGate().getScores())
                .allSatisfy(score -> assertThat(score.getYardsticks()).isEmpty());
    }

    @Test
    void andAreStoppedByTheBaseAndByTheBestSoFar() throws Exception {
        for (Yardstick yardstick : Yardstick.values()) {
            policy.setAgainst(List.of(yardstick.name()));
            GatedStream stream = stream();
            GateReport refused = untilRefused(stream);
            assertThat(stream.newest().getVersion()).as("%s", yardstick).isEqualTo(3);
            assertThat(refused.getReasons())
                    .containsExactly(
                            "The word error rate of en (transcribe), which is inside, is 28.0 %, and was 20.0 % in "
                                    + (yardstick == BASE ? "the base" : "the best so far")
                                    + ": 8.0 points more, by 7.0 points at least (95 % confidence); at most 5.0 points are allowed.");
        }
    }

    private GateReport untilRefused(GatedStream stream) throws Exception {
        for (int i = 0; i < OTHERS.size(); i++) {
            GateReport report = stream.merge(OTHERS.get(i), slipped(i + 1));
            if (!report.getPassed()) {
                return report;
            }
        }
        throw new AssertionError("Nothing was refused.");
    }

    @Test
    void theBestIsOfEachLanguageAndOfSeveralTheNewest() throws Exception {
        policy.setAgainst(List.of("BASE", "BEST")).setGuarded(List.of("en", "fr"));
        GatedStream stream = new GatedStream(directory, policy.build(), Map.of("en", 100, "fr", 100, "aa", 300));
        stream.merge("aa", Map.of("en", 90, "fr", 102, "aa", 200));
        stream.merge("aa", Map.of("en", 90, "fr", 104, "aa", 150));
        GateReport report = stream.merge("aa", Map.of("en", 94, "fr", 98, "aa", 160));
        assertThat(held(report, "en", BEST).getVersion()).isEqualTo(2);
        assertThat(held(report, "en", BEST).getError()).isEqualTo(0.18);
        assertThat(held(report, "fr", BEST).getVersion()).isZero();
        assertThat(held(report, "aa", BEST).getVersion()).isEqualTo(2);
        assertThat(held(report, "aa", BASE).getVersion()).isZero();
        assertThat(held(report, "aa", BASE).getError()).isEqualTo(0.6);
        assertThat(held(stream.merge("aa", Map.of("en", 94, "fr", 99, "aa", 150)), "fr", BEST)
                        .getVersion())
                .isEqualTo(3);
    }

    @Test
    void oneStepThatIsTooFarIsSaidOnce() throws Exception {
        policy.setAgainst(List.of("BASE", "BEST"));
        GateReport refused = stream().merge("aa", slipped(5));
        assertThat(refused.getReasons()).hasSize(2).noneMatch(reason -> reason.contains("in the base"));
        assertThat(held(refused, "en", BASE).getGrowth())
                .isEqualTo(score(refused, "en").getGrowth());
    }

    @Test
    void whatIsRefusedIsNoYardstick() throws Exception {
        policy.setAgainst(List.of("BEST")).setGuarded(List.of("en", "fr"));
        GatedStream stream = new GatedStream(directory, policy.build(), Map.of("en", 100, "fr", 100, "aa", 300));
        assertThat(stream.merge("aa", Map.of("en", 50, "fr", 200, "aa", 200)).getPassed())
                .isFalse();
        GateReport next = stream.merge("aa", Map.of("en", 100, "fr", 100, "aa", 200));
        assertThat(next.getPassed()).isTrue();
        assertThat(held(next, "en", BEST).getVersion()).isZero();
    }

    @Test
    void anExpertIsHeldAgainstItsFirstVersionWhateverReplacesIt() throws Exception {
        policy.setAgainst(List.of("BEST"));
        GatedStream stream = stream();
        assertThat(isHeld(stream.merge("aa", Map.of("en", 100, "aa", 200)), "aa", BEST))
                .as("nobody spoke it before")
                .isFalse();
        assertThat(stream.merge("aa", Map.of("en", 100, "aa", 215)).getPassed()).isTrue();
        assertThat(stream.merge("aa", Map.of("en", 100, "aa", 230)).getPassed()).isTrue();
        assertThat(stream.merge("aa", Map.of("en", 100, "aa", 245)).getReasons())
                .singleElement()
                .asString()
                .contains("was 40.0 % in the best so far (version 1): 9.0 points more");
    }

    @Test
    void aStartEvaluatesYardsticksAgainAndChangesNothing() throws Exception {
        policy.setAgainst(List.of("BASE", "BEST"));
        GatedStream stream = stream();
        stream.merge("aa", Map.of("en", 90, "aa", 200));
        stream.merge("bb", Map.of("en", 100, "aa", 190));
        int before = stream.evaluated();
        GateReport expected = stream.merge("cc", Map.of("en", 160, "aa", 190));
        assertThat(expected.getPassed()).isFalse();
        assertThat(stream.evaluated() - before).isOne();
        stream.restart();
        GateReport again = stream.merge("cc", Map.of("en", 160, "aa", 190));
        assertThat(again.getScores()).isEqualTo(expected.getScores());
        assertThat(again.getReasons()).isEqualTo(expected.getReasons());
        assertThat(stream.evaluated())
                .as("candidate, parent, which is the best in aa, version 1 and the base")
                .isEqualTo(4);
    }

    @Test
    void aRollbackGoesBackToWhatWasTheBestThen() throws Exception {
        policy.setAgainst(List.of("BEST"));
        GatedStream stream = stream();
        stream.merge("aa", slipped(1));
        stream.merge("aa", Map.of("en", 50, "aa", 200));
        GateReport back = stream.rollBack(1);
        assertThat(held(back, "en", BEST).getVersion()).isZero();
        GateReport next = stream.merge("bb", slipped(2));
        assertThat(held(next, "en", BEST).getVersion()).isZero();
        assertThat(next.getPassed())
                .as("version 2, which had 10 %, was gone back from")
                .isTrue();
    }

    @Test
    void whatAnOperatorTakesOutIsNotHeldAgainstTheNext() throws Exception {
        policy.setAgainst(List.of("BASE", "BEST"));
        for (boolean isProtection : new boolean[] {false, true}) {
            GatedStream stream = stream();
            stream.merge("aa", Map.of("en", 90, "aa", 200));
            Map<String, Integer> harmful = Map.of("en", 150, "aa", 300);
            GateReport decided = isProtection ? stream.protect("xx", harmful) : stream.retract("aa", harmful);
            assertThat(decided.getPassed()).isFalse();
            assertThat(decided.getReasons()).anyMatch(reason -> reason.contains("grows from 18.0 % to 30.0 %"));
            GateReport next = stream.merge("bb", Map.of("en", 152, "aa", 300));
            assertThat(next.getPassed()).isTrue();
            assertThat(held(next, "en", BEST).getVersion()).isEqualTo(2);
            assertThat(held(next, "en", BASE).getJudged()).isFalse();
            assertThat(stream.merge("cc", Map.of("en", 165, "aa", 300)).getPassed())
                    .isTrue();
            assertThat(stream.merge("dd", Map.of("en", 186, "aa", 300)).getReasons())
                    .singleElement()
                    .asString()
                    .contains("was 30.0 % in the best so far (version 2)");
            assertThat(held(stream.merge("ee", Map.of("en", 105, "aa", 300)), "en", BASE)
                            .getJudged())
                    .isFalse();
            GateReport again = stream.merge("ff", Map.of("en", 160, "aa", 300));
            assertThat(held(again, "en", BASE).getJudged())
                    .as("it was within the limit again")
                    .isTrue();
            assertThat(again.getReasons()).anyMatch(reason -> reason.contains("in the base"));
        }
    }

    @Test
    void aRetractionThatCostsLittleForgivesNothing() throws Exception {
        policy.setAgainst(List.of("BEST"));
        GatedStream stream = stream();
        stream.merge("aa", slipped(1));
        stream.merge("bb", slipped(2));
        stream.retract("bb", slipped(1));
        for (int steps = 2; steps <= 3; steps++) {
            assertThat(stream.merge("cc", slipped(steps)).getPassed()).isTrue();
        }
        assertThat(stream.merge("cc", slipped(4)).getReasons())
                .singleElement()
                .asString()
                .contains("was 20.0 % in the best so far: 8.0 points more");
    }

    @Test
    void aLanguageThatNobodySpeaksIsReportedAndBeginsAnewWhenSomebodyDoes() throws Exception {
        policy.setAgainst(List.of("BASE", "BEST"));
        GatedStream stream = stream();
        GateReport first = stream.merge("bb", Map.of("en", 100, "bb", 100, "aa", 400));
        assertThat(first.getPassed()).isTrue();
        assertThat(held(first, "aa", BASE).getGrowth().getLow()).isPositive();
        assertThat(held(first, "aa", BASE).getJudged()).isFalse();
        assertThat(isHeld(first, "aa", BEST)).isFalse();
        assertThat(stream.merge("aa", Map.of("en", 100, "bb", 100, "aa", 350)).getPassed())
                .isTrue();
        GateReport inside = stream.merge("cc", Map.of("en", 100, "bb", 100, "aa", 352));
        assertThat(inside.getPassed())
                .as("it was worse than the base before anybody spoke for it")
                .isTrue();
        assertThat(held(inside, "aa", BEST).getVersion()).isEqualTo(2);
        stream.retract("aa", Map.of("en", 100, "bb", 100, "aa", 400));
        stream.merge("aa", Map.of("en", 100, "bb", 100, "aa", 390));
        GateReport again = stream.merge("dd", Map.of("en", 100, "bb", 100, "aa", 390));
        assertThat(again.getPassed()).isTrue();
        assertThat(held(again, "aa", BEST).getVersion()).isEqualTo(5);
    }

    @Test
    void anExpertThatLeavesItsNewLanguageWorseThanTheBaseIsRefused() throws Exception {
        Map<String, Integer> before = Map.of("en", 100, "bb", 100, "aa", 324);
        Map<String, Integer> worse = Map.of("en", 100, "bb", 100, "aa", 332);
        policy.setMinGain(-0.02);
        GatedStream unheld = stream();
        unheld.merge("bb", before);
        assertThat(unheld.merge("aa", worse).getPassed())
                .as("by its parent alone")
                .isTrue();

        policy.setAgainst(List.of("BASE"));
        GatedStream stream = stream();
        assertThat(held(stream.merge("bb", before), "aa", BASE).getJudged()).isFalse();
        GateReport refused = stream.merge("aa", worse);
        assertThat(refused.getReasons())
                .singleElement()
                .asString()
                .startsWith(
                        "The word error rate of aa (transcribe), which is new, is 66.4 %, and was 60.0 % in the base:"
                                + " 6.4 points more, by 5.");
        assertThat(held(refused, "aa", BASE).getJudged()).isTrue();
        assertThat(stream.merge("aa", Map.of("en", 100, "bb", 100, "aa", 310)).getPassed())
                .isTrue();
    }

    @Test
    void whatIsOnlyObservedIsReportedAgainAndAgain() throws Exception {
        policy.setMode("OBSERVE").setAgainst(List.of("BASE", "BEST"));
        GatedStream stream = stream();
        for (int i = 0; i < 5; i++) {
            stream.merge(OTHERS.get(i), slipped(i + 1));
        }
        assertThat(stream.newest().getGate().getReasons())
                .singleElement()
                .asString()
                .contains("is 30.0 %, and was 20.0 % in the base: 10.0 points more");
        assertThat(held(stream.newest().getGate(), "en", BEST).getVersion()).isZero();
    }

    @Test
    void withoutConfidenceErrorsAreComparedAsMeasured() throws Exception {
        policy.setAgainst(List.of("BEST"))
                .setConfidence(0)
                .setMaxMeanRegression(1)
                .setMaxDecline(0.03);
        GatedStream stream = stream();
        assertThat(stream.merge("aa", Map.of("en", 115, "aa", 200)).getPassed()).isTrue();
        stream.lose(0);
        stream.restart();
        assertThat(stream.merge("bb", Map.of("en", 116, "aa", 200)).getReasons())
                .containsExactly(
                        "The word error rate of en (transcribe), which is inside, is 23.2 %, and was 20.0 % in the"
                                + " best so far: 3.2 points more; at most 3.0 points are allowed.");
        assertThat(stream.evaluated()).isOne();
    }

    @Test
    void aModelThatTheStoreHasNoMoreIsToldAndTheBestBeginsAnew() throws Exception {
        policy.setAgainst(List.of("BEST"));
        GatedStream stream = stream();
        stream.merge("aa", Map.of("en", 50, "aa", 200));
        stream.merge("bb", Map.of("en", 65, "aa", 200));
        stream.lose(1);
        stream.restart();
        GateReport told = stream.merge("cc", Map.of("en", 80, "aa", 200));
        assertThat(told.getPassed()).isTrue();
        assertThat(held(told, "en", BEST).getFailure()).contains("does not have the model");
        assertThat(held(told, "en", BEST).getGrowth()).isNull();
        assertThat(held(told, "en", BEST).getJudged()).isFalse();
        GateReport next = stream.merge("dd", Map.of("en", 82, "aa", 200));
        assertThat(held(next, "en", BEST).getVersion()).isEqualTo(3);
        assertThat(held(next, "en", BEST).getFailure()).isNull();
    }

    /** Versions of one quality, whose errors fall on other words each time: the best of many looks better than they are. */
    @Test
    void theLuckOfTheBestRefusesNobody() throws Exception {
        SplittableRandom random = new SplittableRandom(7);
        policy.setAgainst(List.of("BEST")).setGuarded(OTHERS);
        GatedStream stream = new GatedStream(
                directory,
                policy.build(),
                Stream.concat(OTHERS.stream(), Stream.of("xx"))
                        .collect(HashMap::new, (all, language) -> all.put(language, 100), HashMap::putAll));
        for (int i = 0; i < 30; i++) {
            Map<String, int[]> errors = new HashMap<>();
            OTHERS.forEach(language -> errors.put(language, alike(random)));
            errors.put("xx", CountingExaminer.spread(50));
            assertThat(stream.mergeWith("xx", errors).getReasons()).isEmpty();
        }
        assertThat(stream.newest().getGate().getScores().stream()
                        .flatMap(score -> score.getYardsticks().stream())
                        .mapToDouble(YardstickScore::getError)
                        .average()
                        .orElseThrow())
                .as("20 % each")
                .isLessThan(0.19);
    }

    /** A word in ten, and one more on average: of five hundred words 20 %, with a standard deviation of 1.2 points. */
    private static int[] alike(SplittableRandom random) {
        int[] errors = new int[CountingExaminer.UTTERANCES];
        Arrays.setAll(errors, i -> 1 + random.nextInt(3));
        return errors;
    }

    private GatedStream stream() throws Exception {
        Map<String, Integer> errors = new HashMap<>(Map.of("en", 100));
        OTHERS.forEach(language -> errors.put(language, 300));
        return new GatedStream(directory, policy.build(), errors);
    }

    /** English at 20 % and two points worse for each step. */
    private static Map<String, Integer> slipped(int steps) {
        return Map.of("en", 100 + 2 * POINT * steps);
    }
}
