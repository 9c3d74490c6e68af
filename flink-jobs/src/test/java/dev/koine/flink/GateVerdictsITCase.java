package dev.koine.flink;

import static dev.koine.flink.harness.Evaluated.score;
import static dev.koine.flink.harness.KoineHarness.rejected;
import static dev.koine.flink.harness.KoineHarness.updated;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.recipe.Scale;
import dev.koine.engine.store.Bundle;
import dev.koine.events.Outcome;
import dev.koine.flink.harness.Evaluated;
import dev.koine.flink.harness.KoineHarness;
import dev.koine.lifecycle.gate.GatePolicies;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.GateReport;
import dev.koine.schemas.LanguageScore;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Rejection;
import dev.koine.schemas.ScaleTrial;
import dev.koine.schemas.YardstickScore;
import dev.koine.testkit.Fixtures;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Verdicts of the gate on the committed speech models, each on a model of its own, all in one job. */
class GateVerdictsITCase {
    /** Weights that stay finite, and logits that do not. */
    static final double NEVER = 1e20;

    @TempDir
    static Path directory;

    private static KoineHarness koine;

    @BeforeAll
    static void start() throws Exception {
        koine = KoineHarness.start(directory);
    }

    @AfterAll
    static void stop() throws Exception {
        koine.close();
    }

    @Test
    void whatIsOnlyObservedIsReportedAndPasses() throws Exception {
        updated(register("observed", Recipe.PUBLISHED, null));
        updated(koine.merge("observed", "ca", 1, Fixtures.ctc("ca")));
        ModelUpdate harmful =
                updated(koine.merge("observed", "de", 1, Bundle.describe(Fixtures.ctc("de-2")), GateITCase.TOO_MUCH));
        assertThat(harmful.getGate().getPolicy())
                .isEqualTo(GatePolicies.defaults().build());
        assertThat(harmful.getGate().getPassed()).isFalse();
        assertThat(harmful.getGate().getReasons()).isNotEmpty();
        ModelUpdate unmeasured = updated(koine.merge("observed", "nl", 1, Fixtures.ctc("nl")));
        assertThat(unmeasured.getGate().getReasons()).anyMatch(reason -> reason.contains("No evaluation set has"));
    }

    /** More and more of one expert: each time Catalan gets a little worse, and it never surely does by five points. */
    @Test
    void lossesThatAddUpPassUnlessVersionsAreHeldAgainstMoreThanTheirParent() throws Exception {
        GatePolicy parentAlone =
                Evaluated.enforcing().setSample(30).setGuarded(List.of("ca")).build();
        GatePolicy alsoBase = GatePolicy.newBuilder(parentAlone)
                .setAgainst(List.of("BASE", "BEST"))
                .build();
        Bundle expert = Bundle.describe(Fixtures.ctc("de-2"));
        GateReport base = updated(register("slipping", parentAlone, "ca", "de")).getGate();
        updated(koine.merge("slipping", "de", 1, expert, 6));
        GateReport slipped =
                updated(koine.merge("slipping", "de", 2, expert, 7)).getGate();
        assertThat(slipped.getPassed()).isTrue();
        assertThat(score(slipped, "ca").getAfter().getError())
                .isGreaterThan(score(base, "ca").getAfter().getError() + 0.15);

        updated(register("held", alsoBase, "ca", "de"));
        updated(koine.merge("held", "de", 1, expert, 6));
        Rejection refused = rejected(koine.merge("held", "de", 2, expert, 7));
        assertThat(refused.getCode()).isEqualTo("GATE_REFUSED");
        assertThat(refused.getMessage())
                .contains("The word error rate of ca (transcribe), which is inside, is ", " in the base: ");
        assertThat(refused.getGate().getReasons()).hasSize(1);
        assertThat(score(refused.getGate(), "ca").getAfter())
                .isEqualTo(score(slipped, "ca").getAfter());
        assertThat(score(refused.getGate(), "ca").getYardsticks())
                .extracting(YardstickScore::getYardstick, YardstickScore::getVersion)
                .containsExactly(tuple("BASE", 0L), tuple("BEST", 0L));
    }

    @Test
    void aFailureIsNoScore() throws Exception {
        Recipe loud = Recipe.PUBLISHED.with(Scale.fixed(NEVER));
        updated(register("loud", loud, Evaluated.enforcing().build()));
        Rejection refused = rejected(koine.merge("loud", "ca", 1, Fixtures.ctc("ca")));
        assertThat(refused.getCode()).isEqualTo("GATE_REFUSED");
        assertThat(refused.getMessage()).contains("The evaluation of ca (transcribe) failed");
        assertThat(score(refused.getGate(), "ca").getAfter().getError()).isNull();
        assertThat(score(refused.getGate(), "ca").getAfter().getWer()).isNull();
        assertThat(score(refused.getGate(), "ca").getAfter().getFailure()).isNotBlank();
    }

    @Test
    void aSearchPrefersAScaleThatHoldsThePolicy() throws Exception {
        Recipe searching = Recipe.PUBLISHED.with(Scale.search(List.of(0.3, 0.5, 1.0)));
        GatePolicy policy = Evaluated.enforcing()
                .setSample(30)
                .setGuarded(List.of("ca"))
                .setConfidence(0)
                .setMaxRegression(0.06)
                .setMaxMeanRegression(0.06)
                .build();
        updated(register("careful", searching, policy));
        ModelUpdate de = updated(koine.merge("careful", "de", 1, Fixtures.ctc("de-2")));
        List<ScaleTrial> trials = de.getGate().getScaleTrials();
        assertThat(trials.get(2).getError())
                .as("better on average, at the cost of ca")
                .isLessThan(trials.get(1).getError());
        assertThat(de.getScale()).isEqualTo(0.5);
        assertThat(de.getGate().getPassed()).isTrue();
    }

    @Test
    void aSearchAmongTheDefaultsLetsOneGoodExpertInAfterTheOther() throws Exception {
        Recipe searching = Recipe.PUBLISHED.with(Scale.parse("search"));
        updated(register("searching", searching, Evaluated.enforcing().build()));
        updated(koine.merge("searching", "ca", 1, Fixtures.ctc("ca")));
        updated(koine.merge("searching", "de", 1, Fixtures.ctc("de-2")));
    }

    @Test
    void bothTasksOfWhisper() throws Exception {
        GatePolicy policy = Evaluated.enforcing().setSample(5).build();
        ModelUpdate base = updated(koine.await(
                koine.send(Evaluated.registration("whisper", "whisper", Recipe.PUBLISHED, policy, "de", "fr"))));
        assertThat(base.getGate().getScores())
                .extracting(score -> score.getTask() + " " + score.getLanguage())
                .containsExactly("TRANSCRIBE de", "TRANSCRIBE fr", "TRANSLATE de", "TRANSLATE fr");
        ExpertEvent event = KoineHarness.mergeEvent("whisper", "de", 1, Bundle.describe(Fixtures.whisper("de")), 1);
        ModelUpdate de = updated(koine.await(koine.send(event)));
        assertThat(de.getGate().getScores())
                .allSatisfy(score -> assertThat(score.getAfter().getError()).isNotNull());
        LanguageScore translated = score(de.getGate(), "de", "TRANSLATE");
        assertThat(translated.getStanding()).isEqualTo("NEW");
        assertThat(translated.getAfter().getError())
                .isEqualTo(1 - translated.getAfter().getBleu() / 100);
        assertThat(translated.getBefore())
                .isEqualTo(score(base.getGate(), "de", "TRANSLATE").getAfter());
    }

    private static Outcome register(String modelId, Recipe recipe, @Nullable GatePolicy policy) throws Exception {
        return koine.await(koine.send(Evaluated.registration(modelId, "ctc", recipe, policy, "ca", "de", "es")));
    }

    private static Outcome register(String modelId, GatePolicy policy, String... languages) throws Exception {
        return koine.await(koine.send(Evaluated.registration(modelId, "ctc", Recipe.PUBLISHED, policy, languages)));
    }
}
