package dev.koine.flink;

import static dev.koine.flink.harness.KoineHarness.updated;
import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.broker.EmbeddedBroker;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.store.Bundle;
import dev.koine.events.Outcome;
import dev.koine.flink.embedded.EmbeddedJob;
import dev.koine.flink.embedded.Outage;
import dev.koine.flink.harness.KoineHarness;
import dev.koine.lifecycle.option.MergeJobOptions;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Position;
import dev.koine.testkit.Fixtures;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Failures in the middle of a backlog: no event is lost, none is applied twice, and the bytes are those of an undisturbed merge. */
class RecoveryITCase {
    private static final String[] BACKLOG = {"ca", "de", "es", "fr", "it", "nl", "pt", "sv"};
    private static final Duration GRACE = Duration.ofSeconds(10);
    private static final int REVISIONS = 5;
    private static final int EVENTS = 1 + BACKLOG.length * REVISIONS;

    @TempDir
    Path directory;

    @Test
    void goesOnWhereItWasStopped() throws Exception {
        ModelUpdate before;
        try (KoineHarness koine = KoineHarness.start(directory)) {
            updated(koine.register("ctc", Fixtures.ctc("base")));
            before = updated(koine.merge("ctc", "ca", 1, Fixtures.ctc("ca")));
        }
        try (KoineHarness koine = KoineHarness.start(directory)) {
            ModelUpdate after = updated(koine.merge("ctc", "de", 1, Fixtures.ctc("de")));
            assertThat(after.getVersion()).isEqualTo(before.getVersion() + 1);
            assertThat(after.getDigest()).isEqualTo(Fixtures.mergedOffline(directory, "ca", "de"));
            assertThat(koine.all()).hasSize(3);
        }
    }

    @Test
    void commitsUpdatesWhileABacklogIsWorkedOff() throws Exception {
        try (KoineHarness koine = KoineHarness.start(directory)) {
            updated(koine.register("ctc", Fixtures.ctc("base")));
            sendBacklog(koine);
            koine.awaitAll(2);
            Instant firstSeen = Instant.now();
            ModelUpdate last = assertEachEventMadeOneVersion(koine);
            assertThat(firstSeen).isBefore(last.getTime());
        }
    }

    @Test
    void goesOnAfterACrashThatLeftNoSavepoint() throws Exception {
        try (KoineHarness koine = KoineHarness.start(directory)) {
            updated(koine.register("ctc", Fixtures.ctc("base")));
            sendBacklog(koine);
            assertThat(koine.awaitAll(3)).hasSizeLessThan(EVENTS);
            Outage.crash(koine.job);
        }
        try (KoineHarness koine = KoineHarness.start(directory)) {
            assertEachEventMadeOneVersion(koine);
        }
    }

    @Test
    void startsFromTheBeginningAfterACrashBeforeTheFirstCheckpoint() throws Exception {
        try (KoineHarness koine = KoineHarness.start(directory)) {
            koine.send(KoineHarness.registration("ctc", Bundle.describe(Fixtures.ctc("base")), Recipe.PUBLISHED));
            sendBacklog(koine);
            Outage.crash(koine.job);
        }
        try (KoineHarness koine = KoineHarness.start(directory)) {
            assertEachEventMadeOneVersion(koine);
        }
    }

    /** The grace is for the registration's way to the job; the job's own absence does not use it up. */
    @Test
    void anExpertWaitsForItsModelAcrossARestart() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("kafka"))) {
            KoineHarness stopped = KoineHarness.start(
                    directory, broker, settings -> settings.with(MergeJobOptions.UNKNOWN_MODEL_GRACE, GRACE), 2);
            while (stopped.job.lastCheckpoint().isEmpty()) {
                Thread.sleep(50);
            }
            Position waiting =
                    stopped.send(KoineHarness.mergeEvent("ctc", "de", 1, Bundle.describe(Fixtures.ctc("de")), 1));
            Thread.sleep(500);
            stopped.job.close();
            stopped.send(KoineHarness.registration("ctc", Bundle.describe(Fixtures.ctc("base")), Recipe.PUBLISHED));
            Thread.sleep(GRACE.toMillis());
            try (EmbeddedJob again =
                    EmbeddedJob.start(stopped.config, directory.resolve("flink"), 2, Duration.ofMillis(200))) {
                assertThat(updated(stopped.await(waiting)).getVersion()).isEqualTo(1);
                assertThat(again.status()).isEqualTo(JobStatus.RUNNING);
            }
            stopped.publisher.close();
            stopped.outcomes.close();
        }
    }

    @Test
    void recoversWhenATaskManagerDies() throws Exception {
        try (KoineHarness koine = KoineHarness.start(directory)) {
            updated(koine.register("ctc", Fixtures.ctc("base")));
            sendBacklog(koine);
            assertThat(koine.awaitAll(3)).hasSizeLessThan(EVENTS);
            Outage.replaceTaskManager(koine.job);
            assertEachEventMadeOneVersion(koine);
            assertThat(koine.job.status()).isEqualTo(JobStatus.RUNNING);
        }
    }

    private static void sendBacklog(KoineHarness koine) throws Exception {
        for (int revision = 1; revision <= REVISIONS; revision++) {
            for (String expert : BACKLOG) {
                koine.send(KoineHarness.mergeEvent("ctc", expert, revision, Bundle.describe(Fixtures.ctc(expert)), 1));
            }
        }
    }

    private ModelUpdate assertEachEventMadeOneVersion(KoineHarness koine) throws Exception {
        List<ModelUpdate> updates = new ArrayList<>();
        for (Outcome outcome : koine.awaitAll(EVENTS)) {
            updates.add(updated(outcome));
        }
        assertThat(updates)
                .extracting(ModelUpdate::getVersion)
                .containsExactlyElementsOf(LongStream.range(0, EVENTS).boxed().toList());
        assertThat(updates.subList(1, EVENTS))
                .extracting(update ->
                        update.getCause().getExpertId() + update.getCause().getRevision())
                .containsExactlyElementsOf(LongStream.rangeClosed(1, REVISIONS)
                        .boxed()
                        .flatMap(revision -> Stream.of(BACKLOG).map(expert -> expert + revision))
                        .toList());
        ModelUpdate last = updates.get(updates.size() - 1);
        assertThat(last.getDigest()).isEqualTo(Fixtures.mergedOffline(directory, BACKLOG));
        return last;
    }
}
