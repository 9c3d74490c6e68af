package dev.koine.lifecycle.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.LocalStore;
import dev.koine.engine.store.StoredArtifact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CountedStoreTest {
    private static final String WRITTEN = "store.written_bytes_total[]";

    @TempDir
    Path directory;

    private FakeInstruments told;
    private ArtifactStore store;

    @BeforeEach
    void open() throws IOException {
        told = new FakeInstruments();
        store = new CountedStore(LocalStore.open(directory), told);
    }

    @Test
    void countsTheBytesOfFilesAndBundles() throws Exception {
        String digest = store.put(file -> Files.write(file, new byte[100]));
        assertThat(told.counters).containsEntry(WRITTEN, 100L);
        Bundle bundle = store.<IOException>putBundle(target -> {
            Files.write(target.resolve("one"), new byte[20]);
            Files.write(Files.createDirectory(target.resolve("sub")).resolve("two"), new byte[3]);
        });
        assertThat(told.counters).containsEntry(WRITTEN, 123L);
        assertThat(store.get(digest)).hasSize(100);
        assertThat(store.bundle(bundle.digest())).isDirectory();
        assertThat(store.address(bundle.digest())).isEqualTo(bundle.uri());
        assertThat(store.renew(StoredArtifact.Kind.FILE, digest)).isTrue();
        store.records().put("versions/ctc/0/id", new byte[5]);
        assertThat(told.counters).as("records are not counted").containsEntry(WRITTEN, 123L);
    }

    @Test
    void whatIsNotKeptIsNotCounted() {
        assertThatThrownBy(() -> store.<IOException>putBundle(target -> {
                    Files.write(target.resolve("one"), new byte[20]);
                    throw new IOException("refused");
                }))
                .hasMessage("refused");
        assertThat(told.counters).containsEntry(WRITTEN, 0L);
    }

    @Test
    void saysWhatTheStoreHeldWhenItWasLookedThrough() throws Exception {
        StoreSize size = new StoreSize(store, told);
        assertThat(told.gauges()).isEmpty();
        store.put(file -> Files.write(file, new byte[100]));
        size.measure();
        assertThat(told.gauge("store.size_bytes[file]")).isEqualTo(100);
        assertThat(told.gauge("store.artifacts[bundle]")).isZero();
        store.put(file -> Files.write(file, new byte[50]));
        store.<IOException>putBundle(target -> Files.write(target.resolve("one"), new byte[7]));
        assertThat(told.gauge("store.size_bytes[file]")).isEqualTo(100);
        size.measure();
        assertThat(told.gauge("store.size_bytes[file]")).isEqualTo(150);
        assertThat(told.gauge("store.artifacts[file]")).isEqualTo(2);
        assertThat(told.gauge("store.size_bytes[bundle]")).isEqualTo(7);
        List<StoredArtifact> all = store.list();
        assertThat(store.remove(all.get(0))).isTrue();
        assertThat(store.removeUnfinished(java.time.Instant.now())).isZero();
        assertThat(store.list()).hasSize(2);
    }
}
