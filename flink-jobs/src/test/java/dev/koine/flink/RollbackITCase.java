package dev.koine.flink;

import static dev.koine.flink.harness.KoineHarness.rejected;
import static dev.koine.flink.harness.KoineHarness.updated;
import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.events.Outcome;
import dev.koine.flink.embedded.Outage;
import dev.koine.flink.harness.KoineHarness;
import dev.koine.schemas.Change;
import dev.koine.schemas.ExpertAction;
import dev.koine.schemas.ExpertEvent;
import dev.koine.schemas.MergedExpert;
import dev.koine.schemas.ModelUpdate;
import dev.koine.testkit.Fixtures;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Going back to an older version gives its bytes again, and what comes after is merged into it. */
class RollbackITCase {
    @TempDir
    Path directory;

    @Test
    void goesBackToTheSameBytesAndOnFromThere() throws Exception {
        ModelUpdate two;
        try (KoineHarness koine = KoineHarness.start(directory)) {
            ModelUpdate zero = updated(koine.register("ctc", Fixtures.ctc("base")));
            ModelUpdate one = updated(koine.merge("ctc", "ca", 1, Fixtures.ctc("ca")));
            two = updated(koine.merge("ctc", "de", 1, Fixtures.ctc("de")));
            updated(koine.retract("ctc", "ca"));

            ModelUpdate four = updated(rollback(koine, 1));
            assertThat(four.getVersion()).isEqualTo(4);
            assertThat(four.getDigest()).isEqualTo(one.getDigest());
            assertThat(four.getBundle()).isEqualTo(one.getBundle());
            assertThat(four.getExperts()).isEqualTo(one.getExperts());
            assertThat(four.getCause().getChange()).isEqualTo(Change.ROLLED_BACK);
            assertThat(four.getCause().getBackTo()).isEqualTo(1);
            assertThat(four.getCause().getExpertId()).isNull();

            assertThat(updated(koine.merge("ctc", "de", 1, Fixtures.ctc("de"))).getDigest())
                    .isEqualTo(two.getDigest());
            assertThat(updated(rollback(koine, 0)).getDigest()).isEqualTo(zero.getDigest());
            assertThat(rejected(rollback(koine, 6)).getCode()).isEqualTo("DUPLICATE");
            assertThat(rejected(rollback(koine, 99)).getCode()).isEqualTo("UNKNOWN_VERSION");
            Outage.crash(koine.job);
        }
        try (KoineHarness koine = KoineHarness.start(directory)) {
            ModelUpdate seven = updated(rollback(koine, 2));
            assertThat(seven.getVersion()).isEqualTo(7);
            assertThat(seven.getDigest()).isEqualTo(two.getDigest());
            assertThat(updated(koine.merge("ctc", "fr", 1, Fixtures.ctc("fr"))).getExperts())
                    .extracting(MergedExpert::getExpertId)
                    .containsExactly("ca", "de", "fr");
            assertThat(updated(koine.retract("ctc", "ca")).getDigest())
                    .isEqualTo(Fixtures.mergedOffline(directory, "de", "fr"));
        }
    }

    @Test
    void refusesARollbackThatSaysNoVersionOrAnExpert() throws Exception {
        try (KoineHarness koine = KoineHarness.start(directory)) {
            updated(koine.register("ctc", Fixtures.ctc("base")));
            ExpertEvent event = event(0);
            event.setBackTo(null);
            assertThat(rejected(koine.await(koine.send(event))).getCode()).isEqualTo("INVALID_EVENT");
            event.setBackTo(-1L);
            assertThat(rejected(koine.await(koine.send(event))).getCode()).isEqualTo("INVALID_EVENT");
            event.setBackTo(0L);
            event.setExpertId("de");
            assertThat(rejected(koine.await(koine.send(event))).getCode()).isEqualTo("INVALID_EVENT");
        }
    }

    private static Outcome rollback(KoineHarness koine, long version) throws Exception {
        return koine.await(koine.send(event(version)));
    }

    private static ExpertEvent event(long version) {
        return ExpertEvent.newBuilder()
                .setAction(ExpertAction.ROLLBACK)
                .setModelId("ctc")
                .setBackTo(version)
                .setTime(Instant.now())
                .build();
    }
}
