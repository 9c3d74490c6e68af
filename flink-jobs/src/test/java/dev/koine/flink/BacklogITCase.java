package dev.koine.flink;

import static dev.koine.flink.harness.KoineHarness.updated;
import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.store.Bundle;
import dev.koine.events.Outcome;
import dev.koine.flink.embedded.Checkpoint;
import dev.koine.flink.harness.KoineHarness;
import dev.koine.schemas.ModelUpdate;
import dev.koine.testkit.Fixtures;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A hundred experts that are all there at once: the job works them off one by one, and its checkpoints stay small. */
class BacklogITCase {
    private static final String[] LANGUAGES = {"ca", "de", "es", "fr", "id", "it", "nl", "pt", "ru", "sv"};
    private static final int EXPERTS = 100;
    private static final long MEGABYTE = 1_000_000;

    @TempDir
    Path directory;

    private final TreeMap<Long, Checkpoint> checkpoints = new TreeMap<>();
    private final List<ModelUpdate> updates = new ArrayList<>();

    @Test
    void updatesAppearAndSmallCheckpointsCompleteAllAlong() throws Exception {
        try (KoineHarness koine = KoineHarness.start(directory)) {
            updated(koine.register("ctc", Fixtures.ctc("base")));
            for (int i = 0; i < EXPERTS; i++) {
                Bundle bundle = Bundle.describe(Fixtures.ctc(LANGUAGES[i % LANGUAGES.length]));
                koine.send(KoineHarness.mergeEvent("ctc", "expert-" + i, 1, bundle, 0.01));
            }
            readUntil(koine, 1);
            Instant firstRead = Instant.now();
            long checkpointsBefore = checkpoints.lastKey();
            readUntil(koine, EXPERTS);
            ModelUpdate last = updates.get(EXPERTS - 1);

            assertThat(updates)
                    .extracting(ModelUpdate::getVersion)
                    .containsExactlyElementsOf(
                            LongStream.rangeClosed(1, EXPERTS).boxed().toList());
            assertThat(last.getExperts()).hasSize(EXPERTS);
            assertThat(firstRead).isBefore(last.getTime());
            assertThat(checkpoints.lastKey() - checkpointsBefore).isGreaterThan(3);

            awaitCheckpointAfter(koine, Instant.now());
            assertThat(checkpoints.values()).allSatisfy(checkpoint -> {
                assertThat(checkpoint.bytes()).isLessThan(MEGABYTE);
                assertThat(checkpoint.metadataBytes()).isLessThan(MEGABYTE);
            });
        }
    }

    private void readUntil(KoineHarness koine, int count) throws Exception {
        Instant deadline = Instant.now().plus(KoineHarness.PATIENCE.multipliedBy(2));
        while (updates.size() < count && Instant.now().isBefore(deadline)) {
            for (Outcome outcome : koine.outcomes.poll()) {
                updates.add(updated(outcome));
            }
            look(koine);
        }
        assertThat(updates).hasSizeGreaterThanOrEqualTo(count);
    }

    private void awaitCheckpointAfter(KoineHarness koine, Instant time) throws Exception {
        Instant deadline = Instant.now().plus(KoineHarness.PATIENCE);
        while (!checkpoints.lastEntry().getValue().triggered().isAfter(time)) {
            assertThat(Instant.now()).isBefore(deadline);
            Thread.sleep(50);
            look(koine);
        }
    }

    private void look(KoineHarness koine) throws Exception {
        koine.job.lastCheckpoint().ifPresent(checkpoint -> checkpoints.put(checkpoint.number(), checkpoint));
    }
}
