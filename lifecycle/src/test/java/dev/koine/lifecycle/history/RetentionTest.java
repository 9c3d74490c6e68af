package dev.koine.lifecycle.history;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.Progress;
import dev.koine.engine.store.LocalStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
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

    private Retention.Swept sweep(Instant now) throws IOException {
        return new Retention(store, NO_GRACE).sweep(now, false, Progress.NONE);
    }
}
