package dev.koine.engine.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
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
