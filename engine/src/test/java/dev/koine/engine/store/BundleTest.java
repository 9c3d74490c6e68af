package dev.koine.engine.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.file.Strays;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BundleTest {
    private static final String DIGEST = "0".repeat(64);

    @TempDir
    Path directory;

    private Path source;

    @BeforeEach
    void write() throws Exception {
        source = directory.resolve("source");
        Files.createDirectories(source.resolve("onnx"));
        Files.writeString(source.resolve("onnx/model.onnx"), "weights");
        Files.writeString(source.resolve("config.json"), "{}");
    }

    @Test
    void describesAndCopiesADirectory() throws Exception {
        Bundle bundle = Bundle.describe(source);

        assertThat(bundle.files()).extracting(BundleFile::path).containsExactly("config.json", "onnx/model.onnx");
        assertThat(bundle.directory()).isEqualTo(source);
        assertThat(bundle.bytes()).isEqualTo(9);
        BundleVerifier.verify(bundle, source);

        BundleVerifier.copyVerified(bundle, BundleSource.LOCAL, directory.resolve("copy"));
        Bundle copy = Bundle.describe(directory.resolve("copy"));
        assertThat(copy.files()).isEqualTo(bundle.files());
        assertThat(copy.digest()).isEqualTo(bundle.digest());
        assertThat(copy.uri()).isNotEqualTo(bundle.uri());
    }

    /** Also links among them, since nothing of them is read. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "._model.onnx",
                "onnx/._model.onnx",
                ".DS_Store",
                "onnx/.DS_Store",
                "__MACOSX/onnx/._model.onnx",
                ".ipynb_checkpoints/config-checkpoint.json",
                ".git",
                ".git/objects/0a/1b",
                ".cache/huggingface/download/onnx/model.onnx.metadata",
                "Thumbs.db",
                "desktop.ini"
            })
    void passesOverWhatToolsLeaveInAFolder(String stray) throws Exception {
        String before = Bundle.describe(source).digest();
        assertThat(Bundle.describeWithoutStrays(source).digest()).isEqualTo(before);
        Path file = source.resolve(stray);
        Files.createDirectories(file.getParent());
        Files.createLink(file, Files.writeString(directory.resolve("elsewhere"), "x"));
        Files.createSymbolicLink(source.resolve(".DS_Store_"), file);
        Files.move(source.resolve(".DS_Store_"), source.resolve("onnx/._link"));

        assertThat(Strays.in(source)).containsExactlyInAnyOrder(stray, "onnx/._link");
        assertThat(Bundle.describeWithoutStrays(source).digest()).isEqualTo(before);
        assertThat(Bundle.listWithoutStrays(source).files())
                .extracting(BundleFile::path)
                .containsExactly("config.json", "onnx/model.onnx");

        Files.delete(source.resolve("onnx/._link"));
        Files.delete(directory.resolve("elsewhere"));
        assertThat(Bundle.describe(source).files())
                .as("a bundle in the store has them where it was listed with them")
                .extracting(BundleFile::path)
                .contains(stray);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                ".gitattributes",
                ".gitignore",
                "_.onnx",
                ".hidden",
                ".cache/other",
                "cache/huggingface/x",
                "a.git/x",
                "x.DS_Store",
                "model._onnx"
            })
    void takesEveryOtherFile(String file) throws Exception {
        Files.createDirectories(source.resolve(file).getParent());
        Files.writeString(source.resolve(file), "x");
        assertThat(Strays.in(source)).isEmpty();
        assertThat(Bundle.describeWithoutStrays(source).digest())
                .isEqualTo(Bundle.describe(source).digest());
        assertThat(Bundle.listWithoutStrays(source).files()).hasSize(3);
    }

    @Test
    void refusesHardLinks() throws Exception {
        Bundle bundle = Bundle.describe(source);
        Files.createLink(directory.resolve("elsewhere"), source.resolve("config.json"));
        assertRefused(RejectionCode.PLACE_NOT_ALLOWED, "hard link", () -> BundleVerifier.verify(bundle, source));
        assertRefused(RejectionCode.PLACE_NOT_ALLOWED, "hard link", () -> Bundle.describe(source));
        assertRefused(
                RejectionCode.PLACE_NOT_ALLOWED,
                "hard link",
                () -> BundleVerifier.copyVerified(bundle, BundleSource.LOCAL, directory.resolve("copy")));
    }

    @Test
    void capsWhatABundleMayList() {
        List<BundleFile> many = IntStream.rangeClosed(0, 4096)
                .mapToObj(i -> new BundleFile("f" + i, 1, DIGEST))
                .toList();
        assertRefused(RejectionCode.TOO_LARGE, "4097 files", () -> Bundle.of("file:///m/", many));
        List<BundleFile> huge =
                List.of(new BundleFile("a", Long.MAX_VALUE, DIGEST), new BundleFile("b", Long.MAX_VALUE, DIGEST));
        assertRefused(RejectionCode.TOO_LARGE, "bytes", () -> Bundle.of("file:///m/", huge));
        List<BundleFile> longPath = List.of(new BundleFile("a".repeat(513), 1, DIGEST));
        assertRefused(RejectionCode.INVALID_EVENT, "513 characters", () -> Bundle.of("file:///m/", longPath));
    }

    private static void assertRefused(RejectionCode code, String words, ThrowingCallable call) {
        assertThat(catchThrowable(call))
                .isInstanceOfSatisfying(
                        RejectedException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessageContaining(words);
    }

    @Test
    void digestIsThatOfTheListing() throws Exception {
        Bundle bundle = Bundle.of(
                "file:///m/", List.of(new BundleFile("b", 2, "1".repeat(64)), new BundleFile("a", 1, DIGEST)));

        assertThat(bundle.digest())
                .isEqualTo("sha256:" + Sha256.of((DIGEST + "  1  a\n" + "1".repeat(64) + "  2  b\n").getBytes()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/etc/passwd", "../x", "a/../b", "a//b", "./a", "a/", "a\\b", "a\nb", "C:x"})
    void refusesAPathThatCouldLeaveTheBundle(String path) {
        assertRejected(
                RejectionCode.INVALID_EVENT, () -> Bundle.of("file:///m/", List.of(new BundleFile(path, 1, DIGEST))));
    }

    @Test
    void refusesWhatNoFileCanBe() {
        BundleFile file = new BundleFile("a", 1, DIGEST);
        assertRejected(RejectionCode.INVALID_EVENT, () -> Bundle.of("file:///m/", List.of(file, file)));
        assertRejected(RejectionCode.INVALID_EVENT, () -> Bundle.of("file:///m/", List.of()));
        assertRejected(RejectionCode.INVALID_EVENT, () -> Bundle.of("no uri", List.of(file)));
        assertRejected(
                RejectionCode.INVALID_EVENT, () -> Bundle.of("file:///m/", List.of(new BundleFile("a", -1, DIGEST))));
        assertRejected(
                RejectionCode.INVALID_EVENT,
                () -> Bundle.of("file:///m/", List.of(new BundleFile("a", 1, "F".repeat(64)))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"s3://bucket/m/", "file://host/m/", "file:m", "relative/"})
    void hasADirectoryOnlyForAFileUri(String uri) {
        assertRejected(RejectionCode.PLACE_NOT_ALLOWED, () -> Bundle.of(uri, List.of(new BundleFile("a", 1, DIGEST)))
                .directory());
    }

    @Test
    void findsWhatIsWrongWithAFile() throws Exception {
        Bundle bundle = Bundle.describe(source);
        Path file = source.resolve("onnx/model.onnx");

        Files.writeString(file, "Weights");
        assertRejected(RejectionCode.DIGEST_MISMATCH, () -> BundleVerifier.verify(bundle, source));
        assertRejected(
                RejectionCode.DIGEST_MISMATCH,
                () -> BundleVerifier.copyVerified(bundle, BundleSource.LOCAL, directory.resolve("copy")));
        Files.writeString(file, "more weights");
        assertRejected(RejectionCode.SIZE_MISMATCH, () -> BundleVerifier.verify(bundle, source));
        Files.delete(file);
        assertRejected(RejectionCode.MISSING_FILE, () -> BundleVerifier.verify(bundle, source));
        Files.createDirectory(file);
        assertRejected(RejectionCode.PLACE_NOT_ALLOWED, () -> BundleVerifier.verify(bundle, source));
    }

    @Test
    void refusesLinks() throws Exception {
        Bundle bundle = Bundle.describe(source);
        Path elsewhere = directory.resolve("elsewhere");

        Files.move(source.resolve("onnx"), elsewhere);
        Files.createSymbolicLink(source.resolve("onnx"), elsewhere);
        assertRejected(RejectionCode.PLACE_NOT_ALLOWED, () -> BundleVerifier.verify(bundle, source));
        assertRejected(RejectionCode.PLACE_NOT_ALLOWED, () -> Bundle.describe(source));

        Files.delete(source.resolve("onnx"));
        Files.createDirectory(source.resolve("onnx"));
        Files.createSymbolicLink(source.resolve("onnx/model.onnx"), elsewhere.resolve("model.onnx"));
        assertRejected(RejectionCode.PLACE_NOT_ALLOWED, () -> BundleVerifier.verify(bundle, source));
    }

    private static void assertRejected(RejectionCode code, ThrowingCallable call) {
        assertThatExceptionOfType(RejectedException.class).isThrownBy(call).satisfies(e -> assertThat(e.code())
                .isEqualTo(code));
    }
}
