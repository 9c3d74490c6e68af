package dev.koine.lifecycle.history;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.store.LocalStore;
import dev.koine.engine.store.StoreRecords;
import dev.koine.testkit.Updates;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What lies among the records and is none of ours: a server that is killed while it writes may leave its own temporary files, half written. */
class RecordsTest {
    private static final String STRAY = "-cfbc304f-90a1-495a-ad8c-aed54ada439c";

    @TempDir
    Path directory;

    private StoreRecords records;

    @BeforeEach
    void open() throws Exception {
        records = LocalStore.open(directory).records();
    }

    @Test
    void mergesEndBesideAFileOfSomebodyElse() throws Exception {
        RunningMerges running = new RunningMerges(records);
        running.begin("m", 3, Instant.ofEpochSecond(30));
        running.begin("m", 4, Instant.ofEpochSecond(40));
        records.put("running/m/3" + STRAY, new byte[0]);
        assertThat(running.oldest()).contains(Instant.ofEpochSecond(30));
        running.end("m", 4);
        assertThat(running.oldest()).contains(Instant.ofEpochSecond(40));
    }

    @Test
    void versionsAreReadBesideAFileOfSomebodyElse() throws Exception {
        VersionRecords versions = new VersionRecords(records);
        String id = versions.put(Updates.of("m", 0, "sha256:" + "0".repeat(64), bundle()));
        records.put("versions/m/0/" + id + STRAY, new byte[] {1});
        assertThat(versions.all()).hasSize(1);
    }

    private static dev.koine.schemas.Bundle bundle() {
        return new dev.koine.schemas.Bundle("file:///x/", List.of());
    }
}
