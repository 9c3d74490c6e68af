package dev.koine.flink;

import static dev.koine.flink.harness.KoineHarness.updated;
import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.Progress;
import dev.koine.engine.WorkPool;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleVerifier;
import dev.koine.engine.store.LocalStore;
import dev.koine.events.Bundles;
import dev.koine.events.Outcome;
import dev.koine.flink.embedded.Outage;
import dev.koine.flink.harness.KoineHarness;
import dev.koine.lifecycle.history.Retention;
import dev.koine.lifecycle.history.RetentionPolicy;
import dev.koine.lifecycle.history.StoreCheck;
import dev.koine.schemas.ModelUpdate;
import dev.koine.testkit.Fixtures;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store that is looked through all the time, with no grace at all, while experts come and go and the job crashes. */
class RetentionITCase {
    private static final RetentionPolicy MERCILESS = new RetentionPolicy(2, Duration.ZERO, false, Duration.ZERO);
    private static final String[] EXPERTS = {"ca", "de", "es", "fr"};
    private static final int ROUNDS = 5;
    private static final long BREATH_MILLIS = 5;

    @TempDir
    Path directory;

    @Test
    void takesNothingThatAMergeNeeds() throws Exception {
        Path store = Files.createDirectories(directory.resolve("store"));
        AtomicBoolean over = new AtomicBoolean();
        AtomicInteger taken = new AtomicInteger();
        AtomicReference<Throwable> trouble = new AtomicReference<>();
        Thread collector = new Thread(() -> {
            while (!over.get()) {
                try {
                    Retention.Swept swept =
                            new Retention(LocalStore.open(store), MERCILESS).sweep(Instant.now(), false, Progress.NONE);
                    taken.addAndGet(swept.artifacts());
                    Thread.sleep(BREATH_MILLIS);
                } catch (Throwable e) {
                    trouble.compareAndSet(null, e);
                }
            }
        });
        int events = 1 + 2 * EXPERTS.length * ROUNDS;
        try (KoineHarness koine = KoineHarness.start(directory)) {
            updated(koine.register("ctc", Fixtures.ctc("base")));
            collector.start();
            for (int round = 1; round <= ROUNDS; round++) {
                for (String expert : EXPERTS) {
                    koine.send(KoineHarness.mergeEvent(
                            "ctc", expert, round, Bundle.describe(Fixtures.ctc(expert)), round));
                }
                for (int i = 0; i < EXPERTS.length; i++) {
                    koine.send(
                            i == 0 && round < ROUNDS
                                    ? KoineHarness.retractEvent("ctc", EXPERTS[i])
                                    : KoineHarness.mergeEvent(
                                            "ctc", "extra" + i, round, Bundle.describe(Fixtures.ctc("it")), 1));
                }
            }
            assertThat(koine.awaitAll(4)).hasSizeBetween(4, events - 1);
            Outage.crash(koine.job);
        }
        List<ModelUpdate> versions = new ArrayList<>();
        try (KoineHarness koine = KoineHarness.start(directory)) {
            assertThat(koine.awaitAll(events / 2)).hasSizeBetween(events / 2, events - 1);
            Outage.replaceTaskManager(koine.job);
            for (Outcome outcome : koine.awaitAll(events)) {
                versions.add(updated(outcome));
            }
            assertThat(versions).hasSize(events);
        } finally {
            over.set(true);
            collector.join();
        }
        assertThat(trouble.get()).isNull();
        assertThat(taken.get()).as("things taken away meanwhile").isPositive();
        Retention.Swept last = new Retention(LocalStore.open(store), MERCILESS)
                .sweep(Instant.now().plusSeconds(5), false, Progress.NONE);
        for (ModelUpdate kept : List.of(versions.get(0), versions.get(events - 2), versions.get(events - 1))) {
            Bundle bundle = Bundles.fromAvro(kept.getBundle());
            BundleVerifier.verify(bundle, bundle.directory());
        }
        List<String> problems = new ArrayList<>();
        try (WorkPool pool = new WorkPool(2)) {
            StoreCheck.Checked checked =
                    new StoreCheck(LocalStore.open(store), directory, pool, Progress.NONE, problems::add).run(false);
            assertThat(problems).isEmpty();
            assertThat(checked.versions())
                    .as("0, two as asked, and one that might not be announced")
                    .isEqualTo(4);
            assertThat(checked.orphans()).isZero();
            assertThat(checked.artifacts()).isEqualTo(last.kept());
        }
    }
}
