package dev.koine.lifecycle.history;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.Progress;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.store.LocalStore;
import dev.koine.engine.store.StoredArtifact;
import dev.koine.events.Recipes;
import dev.koine.schemas.Bundle;
import dev.koine.schemas.Cause;
import dev.koine.schemas.Change;
import dev.koine.schemas.GatePolicy;
import dev.koine.schemas.GateReport;
import dev.koine.schemas.LanguageScore;
import dev.koine.schemas.Measures;
import dev.koine.schemas.ModelUpdate;
import dev.koine.schemas.Position;
import dev.koine.schemas.YardstickScore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RetentionTest {
    private static final RetentionPolicy NO_GRACE = new RetentionPolicy(1, Duration.ZERO, false, Duration.ZERO);

    @TempDir
    Path directory;

    private LocalStore store;

    @BeforeEach
    void open() throws IOException {
        store = LocalStore.open(directory);
    }

    @Test
    void whatAMergeHasJustPutStaysThoughTheFileSystemsClockIsBehind() throws IOException {
        Instant begun = Instant.now();
        new RunningMerges(store.records()).begin("demo", 0, begun);
        String digest = store.put(file -> Files.writeString(file, "a piece"));
        Files.setLastModifiedTime(store.get(digest), FileTime.from(begun.minusMillis(10)));

        assertThat(sweep(begun.plusSeconds(60)).artifacts()).isZero();
        assertThat(store.get(digest)).exists();
    }

    @Test
    void whatIsOlderThanEveryMergeGoes() throws IOException {
        String digest = store.put(file -> Files.writeString(file, "a piece"));
        Instant begun = Files.getLastModifiedTime(store.get(digest)).toInstant().plusSeconds(60);
        new RunningMerges(store.records()).begin("demo", 0, begun);

        assertThat(sweep(begun.plusSeconds(60)).artifacts()).isOne();
    }

    @Test
    void aRecordThatIsBeingWrittenSlowlyIsLeftAlone() throws IOException {
        store.put(file -> {
            Files.writeString(file, "half");
            assertThat(sweep(Instant.now().plusSeconds(60)).unfinished()).isZero();
        });
        Path left = Files.writeString(directory.resolve("aside").resolve("left"), "half");
        assertThat(sweep(Instant.now().plus(Duration.ofHours(1))).unfinished()).isOne();
        assertThat(left).doesNotExist();
    }

    @Test
    void theNewestAnnouncedVersionStaysHoweverManyAreMadeBeforeTheNextCheckpoint() throws IOException {
        VersionRecords records = new VersionRecords(store.records());
        Instant announced = Instant.parse("2026-01-01T00:00:00Z");
        for (long version = 0; version <= 2; version++) {
            records.put(version(version, announced));
        }
        Instant begun = announced.plusSeconds(600);
        RunningMerges running = new RunningMerges(store.records());
        for (long version = 3; version <= 6; version++) {
            running.begin("demo", version, begun);
            records.put(version(version, begun.plusSeconds(version)));
        }
        Instant later = begun.plusSeconds(3600);

        sweep(later);
        assertThat(versions(records))
                .as("a crash goes back to version 2, which services load until then")
                .containsExactly(0L, 1L, 2L, 3L, 4L, 5L, 6L);

        running.end("demo", 7);
        sweep(later);
        assertThat(versions(records)).containsExactly(0L, 5L, 6L);
    }

    @Test
    void whatANewVersionIsHeldAgainstStays() throws IOException {
        String best = store.<IOException>putBundle(target -> Files.writeString(target.resolve("m.onnx"), "best"))
                .digest();
        String other = store.<IOException>putBundle(target -> Files.writeString(target.resolve("m.onnx"), "other"))
                .digest();
        ModelUpdate newest = version(9, Instant.parse("2026-01-01T00:00:00Z"));
        newest.setGate(GateReport.newBuilder()
                .setPolicy(GatePolicy.newBuilder().build())
                .setPassed(true)
                .setScores(List.of(LanguageScore.newBuilder()
                        .setLanguage("de")
                        .setTask("TRANSCRIBE")
                        .setStanding("INSIDE")
                        .setAfter(Measures.newBuilder().setUtterances(1).build())
                        .setYardsticks(List.of(YardstickScore.newBuilder()
                                .setYardstick("BEST")
                                .setVersion(3)
                                .setDigest(best)
                                .setError(0.1)
                                .build()))
                        .build()))
                .build());
        new VersionRecords(store.records()).put(newest);
        sweep(Instant.now().plus(Duration.ofDays(1)));
        assertThat(store.renew(StoredArtifact.Kind.BUNDLE, best)).isTrue();
        assertThat(store.renew(StoredArtifact.Kind.BUNDLE, other)).isFalse();
    }

    private static List<Long> versions(VersionRecords records) throws IOException {
        return records.all().stream()
                .map(recorded -> recorded.update().getVersion())
                .sorted()
                .toList();
    }

    private static ModelUpdate version(long number, Instant time) {
        return ModelUpdate.newBuilder()
                .setModelId("demo")
                .setVersion(number)
                .setDigest("sha256:" + "0".repeat(64))
                .setBundle(new Bundle("file:///store/", List.of()))
                .setExperts(List.of())
                .setRecipe(Recipes.toAvro(Recipe.PUBLISHED))
                .setCause(Cause.newBuilder()
                        .setChange(Change.MERGED)
                        .setPosition(new Position("t", 0, number, time))
                        .build())
                .setTime(time)
                .build();
    }

    private Retention.Swept sweep(Instant now) throws IOException {
        return new Retention(store, NO_GRACE).sweep(now, false, Progress.NONE);
    }
}
