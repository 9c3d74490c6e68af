package dev.koine.engine.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LocalStoreTest {
    private static final String MISSING = "sha256:" + "0".repeat(64);

    @TempDir
    Path directory;

    private LocalStore store;

    @BeforeEach
    void open() throws IOException {
        store = LocalStore.open(directory.resolve("store"));
    }

    @Test
    void keepsAFileUnderTheDigestOfItsContent() throws Exception {
        String digest = put("weights");
        assertThat(digest).isEqualTo("sha256:" + Sha256.of("weights".getBytes()));
        assertThat(store.get(digest)).hasContent("weights");
        assertThat(put("weights")).isEqualTo(digest);
        assertThat(put("others")).isNotEqualTo(digest);
        assertThat(files("artifacts")).hasSize(2);
        assertThat(files("aside")).isEmpty();
        assertThat(LocalStore.open(directory.resolve("store")).get(digest)).hasContent("weights");
    }

    @Test
    void keepsABundleUnderItsDigest() throws Exception {
        Bundle bundle = putBundle("weights");
        Bundle again = putBundle("weights");
        assertThat(again).isEqualTo(bundle);
        Path place = store.bundle(bundle.digest());
        assertThat(bundle.directory()).isEqualTo(place);
        assertThat(place.resolve("onnx/model.onnx")).hasContent("weights");
        BundleVerifier.verify(bundle, place);
        assertThat(files("bundles")).hasSize(1);
        assertThat(files("aside")).isEmpty();
    }

    @Test
    void manyWritersOfTheSameContentAgree() throws Exception {
        int writers = 8;
        CyclicBarrier start = new CyclicBarrier(writers);
        ExecutorService threads = Executors.newFixedThreadPool(writers);
        try {
            List<Callable<String>> calls = new ArrayList<>();
            for (int i = 0; i < writers; i++) {
                boolean wholeBundle = i % 2 == 0;
                calls.add(() -> {
                    LocalStore own = LocalStore.open(directory.resolve("store"));
                    start.await();
                    return wholeBundle
                            ? own.<IOException>putBundle(
                                            target -> Files.writeString(target.resolve("model.onnx"), "weights"))
                                    .digest()
                            : own.<IOException>put(target -> Files.writeString(target, "weights"));
                });
            }
            List<String> digests = new ArrayList<>();
            for (Future<String> future : threads.invokeAll(calls)) {
                digests.add(future.get());
            }
            assertThat(digests).containsOnly(digests.get(0), digests.get(1));
            assertThat(store.get(digests.get(1))).hasContent("weights");
            assertThat(store.bundle(digests.get(0)).resolve("model.onnx")).hasContent("weights");
            assertThat(files("aside")).isEmpty();
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aWriterThatThrowsLeavesNothingBehind() throws Exception {
        RejectedException refusal = new RejectedException(RejectionCode.NON_FINITE, "no");
        assertThatThrownBy(() -> store.<RejectedException>put(target -> {
                    Files.writeString(target, "half");
                    throw refusal;
                }))
                .isSameAs(refusal);
        assertThatThrownBy(() -> store.<RejectedException>putBundle(target -> {
                    Files.createDirectories(target.resolve("onnx"));
                    Files.writeString(target.resolve("onnx/model.onnx"), "half");
                    throw refusal;
                }))
                .isSameAs(refusal);
        assertThatThrownBy(() -> store.<IOException>put(target -> {})).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> store.<IOException>putBundle(target -> {})).isInstanceOf(IOException.class);
        assertThat(files("artifacts")).isEmpty();
        assertThat(files("bundles")).isEmpty();
        assertThat(files("aside")).isEmpty();
    }

    @Test
    void aBundleWithALinkIsNotKept() throws Exception {
        Path secret = Files.writeString(directory.resolve("secret"), "secret");
        assertThatThrownBy(() -> store.<IOException>putBundle(
                        target -> Files.createSymbolicLink(target.resolve("model.onnx"), secret)))
                .isInstanceOf(IOException.class);
        assertThat(files("bundles")).isEmpty();
        assertThat(files("aside")).isEmpty();
        assertThat(secret).hasContent("secret");
    }

    @Test
    void whatADeadProcessLeftAsideIsNeverSeen() throws Exception {
        Path aside = directory.resolve("store/aside");
        Files.writeString(aside.resolve("b1946ac9"), "half");
        Files.createDirectories(aside.resolve("dead/onnx"));
        Files.writeString(aside.resolve("dead/onnx/model.onnx"), "half");

        LocalStore reopened = LocalStore.open(directory.resolve("store"));
        assertThatThrownBy(() -> reopened.get("sha256:" + Sha256.of("half".getBytes())))
                .isInstanceOf(NoSuchFileException.class);
        String half = Bundle.describe(aside.resolve("dead")).digest();
        assertThatThrownBy(() -> reopened.bundle(half)).isInstanceOf(NoSuchFileException.class);
        assertThat(put("half")).isEqualTo("sha256:" + Sha256.of("half".getBytes()));
    }

    @Test
    void aMissingArtifactIsTroubleOfTheStore() {
        assertThatThrownBy(() -> store.get(MISSING))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("lost an artifact");
        assertThatThrownBy(() -> store.bundle(MISSING))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("lost a bundle");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "sha256:", "sha256:../../secret", "md5:00", "sha256:ABCDEF"})
    void aDigestIsNoPath(String digest) {
        assertThatThrownBy(() -> store.get(digest)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> store.bundle(digest)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void listsWhatItHolds() throws Exception {
        String file = put("piece");
        Bundle bundle = putBundle("weights");
        assertThat(store.list())
                .extracting(StoredArtifact::kind, StoredArtifact::digest, StoredArtifact::bytes)
                .containsExactlyInAnyOrder(
                        tuple(StoredArtifact.Kind.FILE, file, 5L),
                        tuple(StoredArtifact.Kind.BUNDLE, bundle.digest(), bundle.bytes()));
    }

    @Test
    void filesAreABundleThatIsReadAsAnyOther() throws Exception {
        String one = put("a piece");
        String two = put("another piece");
        Bundle files = store.files(List.of(two, one, two));
        assertThat(files.files()).hasSize(2);
        Path copies = directory.resolve("copies");
        BundleVerifier.copyVerified(files, BundleSource.LOCAL, copies);
        assertThat(copies.resolve(Sha256.hexOf(one))).hasContent("a piece");
        assertThatThrownBy(() -> store.files(List.of(Sha256.PREFIX + "0".repeat(64))))
                .isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void takesAwayWhatWasListedUnlessItWasPutAgain() throws Exception {
        put("piece");
        putBundle("weights");
        List<StoredArtifact> listed = aged(store.list());
        put("piece");
        putBundle("weights");
        for (StoredArtifact artifact : listed) {
            assertThat(store.remove(artifact)).isFalse();
        }
        assertThat(store.list()).hasSize(2);
        for (StoredArtifact artifact : store.list()) {
            assertThat(store.remove(artifact)).isTrue();
            assertThat(store.remove(artifact)).as("gone already").isTrue();
        }
        assertThat(store.list()).isEmpty();
        assertThat(files("aside")).isEmpty();
    }

    @Test
    void renewingIsLikePuttingAgain() throws Exception {
        String file = put("piece");
        StoredArtifact listed = aged(store.list()).get(0);
        assertThat(store.renew(StoredArtifact.Kind.FILE, file)).isTrue();
        assertThat(store.remove(listed)).isFalse();
        assertThat(store.get(file)).hasContent("piece");
        assertThat(store.renew(StoredArtifact.Kind.FILE, MISSING)).isFalse();
        assertThat(store.renew(StoredArtifact.Kind.BUNDLE, MISSING)).isFalse();
    }

    /** The same content is put by some threads and taken away by another: whoever has put it last has it. */
    @Test
    void removingRacesWithPutting() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(3);
        AtomicBoolean over = new AtomicBoolean();
        try {
            Future<?> remover = threads.submit(() -> {
                while (!over.get()) {
                    for (StoredArtifact artifact : store.list()) {
                        store.remove(artifact);
                    }
                }
                return null;
            });
            List<Future<?>> putters = new ArrayList<>();
            for (int t = 0; t < 2; t++) {
                putters.add(threads.submit(() -> {
                    for (int i = 0; i < 300; i++) {
                        put("same");
                        putBundle("same");
                    }
                    return null;
                }));
            }
            for (Future<?> putter : putters) {
                putter.get();
            }
            over.set(true);
            remover.get();
        } finally {
            threads.shutdownNow();
        }
        String file = put("same");
        Bundle bundle = putBundle("same");
        assertThat(store.get(file)).hasContent("same");
        BundleVerifier.verify(bundle, store.bundle(bundle.digest()));
        assertThat(files("aside")).isEmpty();
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
        assertThat(LocalStore.open(directory.resolve("store")).records().list("versions"))
                .containsExactly("versions/b/10");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/", "a/", "/a", "../a", "a/../b", "a//b", ".a", "a\\b", "a b", "a\u0000"})
    void aNameOfARecordIsNoPath(String name) {
        assertThatThrownBy(() -> store.records().put(name, new byte[0])).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> store.records().get(name)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void takesAwayWhatWasNeverFinished() throws Exception {
        Path old = Files.createDirectories(directory.resolve("store/aside/dead"));
        Files.writeString(old.resolve("half"), "half");
        Files.setLastModifiedTime(old, FileTime.from(Instant.now().minusSeconds(60)));
        Files.writeString(directory.resolve("store/aside/young"), "half");
        assertThat(store.removeUnfinished(Instant.now().minusSeconds(30))).isEqualTo(1);
        assertThat(files("aside"))
                .extracting(path -> path.getFileName().toString())
                .containsExactly("young");
    }

    private static List<StoredArtifact> aged(List<StoredArtifact> artifacts) {
        return artifacts.stream()
                .map(artifact -> new StoredArtifact(
                        artifact.kind(),
                        artifact.digest(),
                        artifact.bytes(),
                        artifact.renewed().minusSeconds(1)))
                .toList();
    }

    private String put(String content) throws IOException {
        return store.<IOException>put(target -> Files.writeString(target, content));
    }

    private Bundle putBundle(String content) throws IOException {
        return store.<IOException>putBundle(target -> {
            Files.createDirectories(target.resolve("onnx"));
            Files.writeString(target.resolve("onnx/model.onnx"), content);
            Files.writeString(target.resolve("config.json"), "{}");
        });
    }

    private List<Path> files(String part) throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve("store").resolve(part))) {
            return files.toList();
        }
    }
}
