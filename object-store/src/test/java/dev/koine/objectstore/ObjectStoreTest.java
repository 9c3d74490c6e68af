package dev.koine.objectstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.file.FileTree;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleFile;
import dev.koine.engine.store.BundleVerifier;
import dev.koine.engine.store.DamagedException;
import dev.koine.engine.store.LocalStore;
import dev.koine.engine.store.Sha256;
import dev.koine.engine.store.StoreRecords;
import dev.koine.engine.store.StoredArtifact;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.apache.flink.core.fs.FileSystem;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ObjectStoreTest {
    private static final Instant BEGIN = Instant.parse("2026-11-24T10:00:00Z");
    private static final long PLENTY = 1L << 40;

    @TempDir
    Path directory;

    private Instant now = BEGIN;
    private String failing = "never";
    private final MemoryFileSystem storage = new MemoryFileSystem(() -> now, this::before);
    private Schedule schedule = new Schedule(0);
    private ObjectStore store;

    private void before(String request) throws IOException {
        schedule.await();
        if (request.contains(failing)) {
            throw new IOException("503 for " + request);
        }
    }

    @BeforeEach
    void open() throws IOException {
        store = open("cache");
    }

    private ObjectStore open(String cache) throws IOException {
        return open(storage, cache);
    }

    private ObjectStore open(FileSystem files, String cache) throws IOException {
        return new ObjectStore(
                new RemoteObjects(files, new org.apache.flink.core.fs.Path("s3://bucket/koine")),
                LocalStore.open(directory.resolve(cache)),
                PLENTY,
                Runnable::run);
    }

    @Test
    void anotherMachineFindsWhatWasPut() throws Exception {
        String file = put(store, "a piece");
        Bundle bundle = putBundle(store, "a model");
        ObjectStore other = open("other");
        assertThat(other.get(file)).hasContent("a piece");
        BundleVerifier.verify(bundle, other.bundle(bundle.digest()));
        assertThat(bundle.uri().toString())
                .startsWith("s3://bucket/koine/bundles/")
                .endsWith("/");
        assertThat(other.address(bundle.digest())).isEqualTo(bundle.uri());
    }

    @Test
    void filesAreListedWhereOthersFetchThem() throws Exception {
        String one = put(store, "a piece");
        String two = put(store, "another");
        Bundle files = store.files(List.of(one, two, one));
        assertThat(files.uri().toString()).isEqualTo("s3://bucket/koine/artifacts/");
        assertThat(files.files()).extracting(BundleFile::size).containsExactlyInAnyOrder(7L, 7L);
        assertThat(files.files())
                .extracting(file -> Sha256.PREFIX + file.sha256())
                .containsExactlyInAnyOrder(one, two);
        for (BundleFile file : files.files()) {
            file.check();
            assertThat(storage.names()).anyMatch(name -> name.endsWith("/koine/artifacts/" + file.path()));
        }
        assertThatThrownBy(() -> store.files(List.of(Sha256.PREFIX + "0".repeat(64))))
                .isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void whatIsThereIsNotWrittenAgainButCountsAsPutNow() throws Exception {
        put(store, "a piece");
        putBundle(store, "a model");
        List<String> first = storage.names();
        now = now.plusSeconds(100);
        put(open("other"), "a piece");
        putBundle(open("other"), "a model");
        assertThat(storage.names()).containsAll(first);
        assertThat(storage.names().stream().filter(name -> !name.contains(".renewed")))
                .isEqualTo(first);
        assertThat(store.list())
                .allSatisfy(artifact -> assertThat(artifact.renewed()).isEqualTo(now));
    }

    @Test
    void aFailedUploadLeavesNothingThatCounts() throws Exception {
        failing = "put /koine/manifests";
        assertThatThrownBy(() -> putBundle(store, "a model")).hasMessageContaining("503");
        failing = "never";
        assertThat(store.list()).isEmpty();
        assertThat(storage.names()).isNotEmpty();
        assertThat(store.removeUnfinished(now)).isZero();
        assertThat(store.removeUnfinished(now.plusSeconds(1))).isPositive();
        assertThat(storage.names()).allMatch(name -> name.endsWith(".condemned"));
        assertThat(store.removeUnfinished(now.plusSeconds(2))).isPositive();
        assertThat(storage.names()).isEmpty();
    }

    @Test
    void aDamagedObjectIsFound() throws Exception {
        String file = put(store, "a piece");
        storage.names().forEach(name -> storage.damage(name));
        assertThatThrownBy(() -> open("other").get(file)).isInstanceOf(DamagedException.class);
        assertThat(store.get(file)).as("in the cache of who put it").hasContent("a piece");
    }

    @Test
    void whatWasTakenAwayIsGone() throws Exception {
        String file = put(store, "a piece");
        Bundle bundle = putBundle(store, "a model");
        for (StoredArtifact listed : store.list()) {
            assertThat(store.remove(listed)).isTrue();
        }
        assertThat(store.list()).isEmpty();
        ObjectStore other = open("other");
        assertThatThrownBy(() -> other.get(file)).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> other.bundle(bundle.digest())).isInstanceOf(NoSuchFileException.class);
        assertThat(store.renew(StoredArtifact.Kind.FILE, file)).isFalse();
        now = now.plusSeconds(10);
        assertThat(store.removeUnfinished(now)).isPositive();
        assertThat(storage.names()).isEmpty();
    }

    @Test
    void whatWasRenewedSinceItWasListedStays() throws Exception {
        String file = put(store, "a piece");
        List<StoredArtifact> listed = store.list();
        now = now.plusSeconds(10);
        assertThat(store.renew(StoredArtifact.Kind.FILE, file)).isTrue();
        assertThat(store.remove(listed.get(0))).isFalse();
        assertThat(open("other").get(file)).hasContent("a piece");
    }

    @Test
    void puttingAndTakingAwayMayMeetInAnyWay() throws Exception {
        for (long seed = 0; seed < 300; seed++) {
            storage.names().forEach(this::deleteQuietly);
            schedule = new Schedule(seed);
            now = BEGIN;
            put(store, "a piece");
            putBundle(store, "a model");
            now = now.plusSeconds(100);
            List<StoredArtifact> old = store.list();
            ObjectStore one = open("one");
            ObjectStore two = open("two");
            String[] file = new String[1];
            Bundle[] bundle = new Bundle[1];
            schedule.run(List.of(
                    () -> file[0] = put(one, "a piece"),
                    () -> bundle[0] = putBundle(two, "a model"),
                    () -> remove(old),
                    () -> remove(old)));
            FileTree.delete(directory.resolve("fresh"));
            ObjectStore fresh = open("fresh");
            assertThat(fresh.get(file[0])).as("seed %d", seed).hasContent("a piece");
            String place = bundle[0].uri().getPath();
            assertThat(storage.names()).as("seed %d", seed).contains(place + "onnx/model.onnx", place + "config.json");
            assertThat(fresh.address(bundle[0].digest())).as("seed %d", seed).isNotNull();
        }
    }

    @Test
    void aPutThatWasPausedForLongFailsOrIsWhole() throws Exception {
        for (long seed = 0; seed < 300; seed++) {
            storage.names().forEach(this::deleteQuietly);
            schedule = new Schedule(seed);
            ObjectStore one = open("one");
            Bundle[] bundle = new Bundle[1];
            schedule.run(List.of(
                    () -> {
                        try {
                            bundle[0] = putBundle(one, "a model");
                        } catch (IOException takenAway) {
                            bundle[0] = null;
                        }
                        return null;
                    },
                    () -> store.removeUnfinished(BEGIN.plusSeconds(3600))));
            if (bundle[0] != null) {
                String place = bundle[0].uri().getPath();
                assertThat(storage.names())
                        .as("seed %d", seed)
                        .contains(place + "onnx/model.onnx", place + "config.json");
            }
        }
    }

    @Test
    void keepsRecordsByName() throws Exception {
        StoreRecords records = store.records();
        records.put("versions/a/1", new byte[] {1});
        records.put("versions/a/1", new byte[] {2});
        records.put("versions/b/10", new byte[0]);
        assertThat(records.get("versions/a/1")).hasValue(new byte[] {2});
        assertThat(records.get("versions/a/2")).isEmpty();
        assertThat(records.list("versions")).containsExactly("versions/a/1", "versions/b/10");
        assertThat(records.list("running")).isEmpty();
        records.delete("versions/a/1");
        records.delete("versions/a/1");
        assertThat(records.list("versions")).containsExactly("versions/b/10");
        assertThatThrownBy(() -> records.get("a/../b")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theCacheKeepsToItsSize() throws Exception {
        LocalStore cache = LocalStore.open(directory.resolve("small"));
        String old = put(cache, "old and long enough");
        CacheLimit limit = new CacheLimit(cache, 10);
        limit.keep(Instant.now().plusSeconds(60));
        assertThat(cache.get(old)).as("used within the hour").exists();
        Instant later = Instant.now().plusSeconds(7200);
        limit.keep(later);
        assertThatThrownBy(() -> cache.get(old)).isInstanceOf(NoSuchFileException.class);
        String small = put(cache, "short");
        limit.keep(later.plusSeconds(7200));
        assertThat(cache.get(small)).exists();
    }

    @Test
    void aLocalDirectoryIsALocalStore() throws Exception {
        URI uri = directory.resolve("local").toUri();
        assertThat(Stores.open(uri, directory.resolve("cache"), PLENTY, Runnable::run))
                .isInstanceOf(LocalStore.class);
    }

    private Void remove(List<StoredArtifact> old) throws IOException {
        for (StoredArtifact artifact : old) {
            if (!store.remove(artifact)) {
                continue;
            }
        }
        return null;
    }

    private void deleteQuietly(String name) {
        try {
            storage.delete(new org.apache.flink.core.fs.Path("s3://bucket" + name), false);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String put(dev.koine.engine.store.ArtifactStore store, String content) throws IOException {
        return store.<IOException>put(target -> Files.writeString(target, content));
    }

    private static Bundle putBundle(ObjectStore store, String content) throws IOException {
        return store.<IOException>putBundle(target -> {
            Files.createDirectories(target.resolve("onnx"));
            Files.writeString(target.resolve("onnx/model.onnx"), content);
            Files.writeString(target.resolve("config.json"), "{}");
        });
    }
}
