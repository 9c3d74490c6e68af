package dev.koine.flink;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.store.Bundle;
import dev.koine.events.Outcome;
import dev.koine.flink.embedded.Outage;
import dev.koine.flink.harness.Evaluated;
import dev.koine.flink.harness.KoineHarness;
import dev.koine.flink.harness.StoreChecks;
import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Rejection;
import dev.koine.testkit.Fixtures;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Failures while candidates are evaluated: each event still ends once, refused or not, with the same figures. */
class GateRecoveryITCase {
    private static final String[] EXPERTS = {"ca", "es", "fr", "it"};
    private static final String[] SPOKEN = {"ca", "es", "fr", "it", "de", "nl", "pt", "sv", "ru", "id"};

    /** The registration, and after each expert one that does harm. */
    private static final int EVENTS = 1 + 2 * EXPERTS.length;

    @TempDir
    Path directory;

    @Test
    void goesOnAfterACrash() throws Exception {
        try (KoineHarness koine = KoineHarness.start(directory)) {
            send(koine);
            assertThat(koine.awaitAll(3)).hasSizeLessThan(EVENTS);
            Outage.crash(koine.job);
        }
        try (KoineHarness koine = KoineHarness.start(directory)) {
            assertEachEndedOnce(koine);
        }
        assertThat(StoreChecks.problems(directory)).isEmpty();
    }

    @Test
    void goesOnWhenATaskManagerDies() throws Exception {
        try (KoineHarness koine = KoineHarness.start(directory)) {
            send(koine);
            assertThat(koine.awaitAll(2)).hasSizeLessThan(EVENTS);
            Outage.replaceTaskManager(koine.job);
            assertEachEndedOnce(koine);
        }
    }

    private static void send(KoineHarness koine) throws Exception {
        GatePolicy policy = Evaluated.enforcing().build();
        koine.send(Evaluated.registration("ctc", "ctc", Recipe.PUBLISHED, policy, SPOKEN));
        for (String expert : EXPERTS) {
            koine.send(KoineHarness.mergeEvent("ctc", expert, 1, Bundle.describe(Fixtures.ctc(expert)), 1));
            koine.send(KoineHarness.mergeEvent("ctc", "de", 1, Bundle.describe(Fixtures.ctc("de")), -10));
        }
    }

    private void assertEachEndedOnce(KoineHarness koine) throws Exception {
        List<Outcome> outcomes = koine.awaitAll(EVENTS);
        assertThat(outcomes).hasSize(EVENTS);
        List<ModelUpdate> updates = outcomes.stream()
                .filter(Outcome.Updated.class::isInstance)
                .map(KoineHarness::updated)
                .toList();
        assertThat(updates).extracting(ModelUpdate::getVersion).containsExactly(0L, 1L, 2L, 3L, 4L);
        List<Rejection> rejections = outcomes.stream()
                .filter(Outcome.Rejected.class::isInstance)
                .map(KoineHarness::rejected)
                .toList();
        assertThat(rejections).hasSize(EXPERTS.length).allSatisfy(rejection -> {
            assertThat(rejection.getCode()).isEqualTo("GATE_REFUSED");
            assertThat(rejection.getGate().getScores()).hasSize(SPOKEN.length);
        });
        for (int i = 1; i < updates.size(); i++) {
            assertThat(updates.get(i).getGate().getGrowthNew()).isNotNull();
            assertThat(updates.get(i).getGate().getScores().get(0).getBefore())
                    .isEqualTo(updates.get(i - 1).getGate().getScores().get(0).getAfter());
        }
        assertThat(updates.get(updates.size() - 1).getDigest()).isEqualTo(Fixtures.mergedOffline(directory, EXPERTS));
    }
}
