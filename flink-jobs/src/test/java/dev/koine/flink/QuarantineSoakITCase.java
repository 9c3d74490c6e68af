package dev.koine.flink;

import static dev.koine.flink.harness.KoineHarness.updated;
import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.store.Bundle;
import dev.koine.events.Outcome;
import dev.koine.flink.harness.KoineHarness;
import dev.koine.flink.harness.Poison;
import dev.koine.lifecycle.option.MergeJobOptions;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Position;
import dev.koine.schemas.Rejection;
import dev.koine.testkit.Fixtures;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code soak.events} poisoned registrations, of every kind in turn, with a good expert put in and taken out among them: each event ends in
 * one outcome, the good ones in their digests, and neither the job's memory nor its processes grow. Runs in the profile {@code soak}.
 */
@EnabledIfSystemProperty(named = "soak.events", matches = "[1-9][0-9]*")
class QuarantineSoakITCase {
    private static final int BETWEEN = 10;

    @TempDir
    private Path directory;

    @Test
    void noPoisonCostsAnythingButItsOwnEvent() throws Exception {
        int events = Integer.getInteger("soak.events");
        Map<String, Integer> ends = new TreeMap<>();
        List<String> memory = new ArrayList<>();
        try (KoineHarness koine =
                KoineHarness.start(directory, settings -> settings.with(MergeJobOptions.QUARANTINE_MEMORY, 768L << 20)
                        .with(MergeJobOptions.QUARANTINE_TIME, Duration.ofSeconds(2)))) {
            updated(koine.register("good", Fixtures.ctc("base")));
            String with =
                    updated(koine.merge("good", "ca", 1, Fixtures.ctc("ca"))).getDigest();
            String without = updated(koine.retract("good", "ca")).getDigest();
            long begun = System.nanoTime();
            for (int i = 0; i < events; i++) {
                Poison poison = Poison.values()[i % Poison.values().length];
                Path bundle = poison.write(directory.resolve("poison-" + i), i);
                Position sent = koine.send(
                        KoineHarness.registration("poisoned-" + i, Bundle.describe(bundle), Recipe.PUBLISHED));
                ends.merge(poison + " " + end(koine.await(sent)), 1, Integer::sum);
                if (i % BETWEEN == BETWEEN - 1) {
                    ModelUpdate in = updated(koine.merge("good", "ca", 1, Fixtures.ctc("ca")));
                    assertThat(in.getDigest()).isEqualTo(with);
                    assertThat(updated(koine.retract("good", "ca")).getDigest()).isEqualTo(without);
                }
                if (i % Math.max(1, events / 10) == 0) {
                    memory.add(resident() + " MiB, " + workers() + " workers");
                }
            }
            System.out.printf(
                    "%d poisoned registrations in %d s.%nEnds: %s%nResident while they came: %s%n",
                    events, (System.nanoTime() - begun) / 1_000_000_000, ends, memory);
            assertThat(koine.job.status()).isEqualTo(JobStatus.RUNNING);
            assertThat(koine.all()).hasSize(events + 2 * (events / BETWEEN) + 3);
            assertThat(workers()).isLessThanOrEqualTo(4);
        }
    }

    private static String end(Outcome outcome) {
        return outcome instanceof Outcome.Rejected rejected ? code(rejected.rejection()) : "taken";
    }

    private static String code(Rejection rejection) {
        return rejection.getCode() + (rejection.getMessage().contains("does not survive") ? " (worker died)" : "");
    }

    private static long workers() {
        return ProcessHandle.current()
                .descendants()
                .filter(process -> process.info().commandLine().orElse("").contains("WorkerMain"))
                .count();
    }

    /** Of this JVM, which has broker and job in it. */
    private static long resident() throws Exception {
        System.gc();
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith("VmRSS"))
                            .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                            .sum()
                    >> 10;
        }
    }
}
