package dev.koine.objectstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.store.Bundle;
import dev.koine.engine.store.BundleSource;
import dev.koine.engine.store.BundleUpload;
import dev.koine.engine.store.BundleVerifier;
import dev.koine.engine.store.UploadTarget;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RemoteTargetTest {
    private static final URI PLACE = URI.create("s3://bucket/models/");

    @TempDir
    Path directory;

    private final List<String> requests = new ArrayList<>();
    private String failing = "never";
    private String damaging = "never";
    private final MemoryFileSystem storage = new MemoryFileSystem(() -> Instant.EPOCH, this::before);
    private Path model;
    private Bundle bundle;

    private void before(String request) throws IOException {
        requests.add(request);
        if (request.contains(failing)) {
            throw new IOException("503 for " + request);
        }
        if (request.startsWith("get ")
                && request.contains(damaging)
                && storage.names().contains(request.substring(4))) {
            storage.damage(request.substring(4));
        }
    }

    @BeforeEach
    void describe() throws Exception {
        model = Files.createDirectories(directory.resolve("model"));
        Files.writeString(model.resolve("config.json"), "{}");
        Files.createDirectories(model.resolve("onnx"));
        Files.writeString(model.resolve("onnx/model.onnx"), "weights");
        bundle = Bundle.describe(model);
    }

    private BundleUpload.Uploaded upload() throws Exception {
        requests.clear();
        RemoteObjects objects = new RemoteObjects(storage, new org.apache.flink.core.fs.Path(PLACE));
        try (UploadTarget target = new RemoteTarget(PLACE, objects)) {
            return new BundleUpload(target, Progress.NONE).upload(bundle, BundleSource.LOCAL);
        }
    }

    private String home() {
        return "/models/" + bundle.digest().substring(7) + "/";
    }

    private long puts() {
        return requests.stream().filter(request -> request.startsWith("put ")).count();
    }

    @Test
    void copiesAndReadsBack() throws Exception {
        BundleUpload.Uploaded done = upload();
        assertThat(done.copied()).isEqualTo(2);
        assertThat(done.bundle().uri()).isEqualTo(URI.create("s3://bucket" + home()));
        assertThat(storage.names()).containsExactly(home() + "config.json", home() + "onnx/model.onnx");
        assertThat(requests.get(requests.size() - 1)).isEqualTo("get " + home() + "onnx/model.onnx");
        Path got = directory.resolve("got");
        BundleVerifier.copyVerified(
                done.bundle(),
                (whole, file) -> storage.open(new org.apache.flink.core.fs.Path(whole.uri() + file.path())),
                got);
        assertThat(Bundle.describe(got).digest()).isEqualTo(bundle.digest());
    }

    @Test
    void whatIsThereIsNotCopiedAgainAndWhatIsWrongIs() throws Exception {
        upload();
        assertThat(upload().copied()).isZero();
        assertThat(puts()).isZero();
        storage.damage(home() + "onnx/model.onnx");
        assertThat(upload().copied()).isEqualTo(1);
        assertThat(puts()).isEqualTo(1);
        assertThat(upload().copied()).isZero();
    }

    @Test
    void goesOnWhereTheStorageFailed() throws Exception {
        failing = "put " + home() + "onnx";
        assertThatThrownBy(this::upload).isInstanceOf(IOException.class).hasMessageContaining("503");
        assertThat(storage.names()).containsExactly(home() + "config.json");
        failing = "never";
        assertThat(upload().copied()).isEqualTo(1);
    }

    @Test
    void whatReadsBackOtherwiseIsTakenAway() {
        damaging = "onnx/model.onnx";
        assertThatThrownBy(this::upload)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("What was written reads back otherwise: The file 'onnx/model.onnx'");
        assertThat(storage.names()).containsExactly(home() + "config.json");
    }

    @Test
    void aFileThatChangedIsRefusedAndLeavesNothing() throws Exception {
        Files.writeString(model.resolve("onnx/model.onnx"), "WEIGHTS");
        assertThatThrownBy(this::upload).isInstanceOfSatisfying(RejectedException.class, e -> assertThat(e.code())
                .isEqualTo(RejectionCode.DIGEST_MISMATCH));
        assertThat(storage.names()).containsExactly(home() + "config.json");
    }

    /** Another process uploads the same, and is done while this one fails. */
    @Test
    void whatSomebodyElseWroteWholeStays() throws Exception {
        upload();
        RemoteObjects objects = new RemoteObjects(storage, new org.apache.flink.core.fs.Path(PLACE));
        try (UploadTarget target = new RemoteTarget(PLACE, objects)) {
            Bundle at = new Bundle(URI.create("s3://bucket" + home()), bundle.files());
            failing = "put ";
            assertThatThrownBy(() -> target.write(at, bundle.files().get(0), out -> out.write('{')))
                    .isInstanceOf(IOException.class);
        }
        assertThat(storage.names()).contains(home() + "config.json");
    }
}
