package dev.koine.engine.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BundleUploadTest {
    @TempDir
    Path directory;

    private Path model;
    private Path place;
    private Bundle bundle;
    private final List<String> read = new ArrayList<>();
    private final List<String> told = new ArrayList<>();

    @BeforeEach
    void describe() throws Exception {
        model = Files.createDirectories(directory.resolve("model"));
        place = Files.createDirectories(directory.resolve("place"));
        write("config.json", "{}");
        write("onnx/model.onnx", "weights");
        write("onnx/model.onnx_data", "more weights");
        bundle = Bundle.describe(model);
    }

    private void write(String path, String content) throws IOException {
        Files.createDirectories(model.resolve(path).getParent());
        Files.writeString(model.resolve(path), content);
    }

    private BundleUpload.Uploaded upload(Disk disk) throws Exception {
        read.clear();
        Progress progress = (stage, done, total) -> told.add(stage + " " + done + "/" + total);
        try (UploadTarget target = new LocalTarget(place, disk)) {
            return new BundleUpload(target, progress).upload(bundle, (whole, file) -> {
                read.add(file.path());
                return BundleSource.LOCAL.open(whole, file);
            });
        }
    }

    private BundleUpload.Uploaded upload() throws Exception {
        return upload(Disk.REAL);
    }

    private Path home() {
        return place.resolve(Sha256.hexOf(bundle.digest()));
    }

    @Test
    void copiesIntoAFolderThatTheDigestNames() throws Exception {
        BundleUpload.Uploaded done = upload();
        assertThat(done.copied()).isEqualTo(3);
        assertThat(done.bundle().uri()).isEqualTo(home().toUri());
        assertThat(Bundle.describe(home()).files()).isEqualTo(bundle.files());
        assertThat(done.bundle().digest()).isEqualTo(bundle.digest());
        assertThat(names(place)).containsExactly(home().getFileName().toString());
        assertThat(told).contains("uploading 21/21");
    }

    @Test
    void whatIsThereIsNotCopiedAgain() throws Exception {
        upload();
        BundleUpload.Uploaded again = upload();
        assertThat(again.copied()).isZero();
        assertThat(again.bundle().uri()).isEqualTo(home().toUri());
        assertThat(read).isEmpty();
        assertThat(told).contains("looking what is there 21/21");
    }

    @Test
    void goesOnWhereItWasCutOffAndTakesNoHalfFileForAWholeOne() throws Exception {
        upload();
        Files.writeString(home().resolve("onnx/model.onnx"), "weig");
        Files.writeString(home().resolve("onnx/model.onnx_data"), "more WEIGHTS");
        BundleUpload.Uploaded again = upload();
        assertThat(again.copied()).isEqualTo(2);
        assertThat(read).containsExactly("onnx/model.onnx", "onnx/model.onnx_data");
        assertThat(Bundle.describe(home()).files()).isEqualTo(bundle.files());
    }

    @Test
    void whatAKilledProcessLeftAsideIsNoPartOfIt() throws Exception {
        Path aside = Files.createDirectories(place.resolve(".koine-upload-killed"));
        Files.createFile(aside.resolve(".lock"));
        Files.writeString(aside.resolve("config.json"), "{");
        upload();
        assertThat(names(place)).containsExactly(home().getFileName().toString());
        assertThat(Bundle.describe(home()).files()).isEqualTo(bundle.files());
    }

    @Test
    void aFileThatChangesMeanwhileIsRefusedAndNothingOfItIsThere() throws Exception {
        write("onnx/model.onnx", "WEIGHTS");
        assertThatThrownBy(this::upload)
                .isInstanceOfSatisfying(
                        RejectedException.class, e -> assertThat(e.code()).isEqualTo(RejectionCode.DIGEST_MISMATCH))
                .hasMessageContaining("'onnx/model.onnx'");
        assertThat(home().resolve("onnx/model.onnx")).doesNotExist();
        assertThat(names(place)).containsExactly(home().getFileName().toString());
    }

    @Test
    void aDiskWithoutRoomIsToldBeforeAByteIsCopied() {
        Disk full = new ForwardingDisk(Disk.REAL) {
            @Override
            public long room(Path below) {
                return 20;
            }
        };
        assertThatThrownBy(() -> upload(full))
                .isInstanceOf(IOException.class)
                .hasMessage("The folder " + place + " has 20 bytes free, and what is to be copied there has 21."
                        + " Make room, or name another place.");
        assertThat(read).isEmpty();
        assertThat(place).isEmptyDirectory();
    }

    @Test
    void aDiskThatLosesBytesIsFoundOut() {
        Disk lossy = new ForwardingDisk(Disk.REAL) {
            @Override
            public void force(Path path) throws IOException {
                if (path.endsWith("model.onnx")) {
                    Files.writeString(path, "wei");
                }
            }
        };
        assertThatThrownBy(() -> upload(lossy))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("What was written reads back otherwise: The file 'onnx/model.onnx'");
        assertThat(home().resolve("onnx/model.onnx")).doesNotExist();
    }

    @Test
    void aFileWhereAFolderHasToBeIsTold() throws Exception {
        Files.writeString(home(), "file");
        assertThatThrownBy(this::upload)
                .isInstanceOf(IOException.class)
                .hasMessage("The folder " + home() + " has to hold what is copied, and there is a file."
                        + " Take it away, or name another place.");
        Files.delete(home());
        Files.createDirectories(home().resolve("config.json"));
        assertThatThrownBy(this::upload)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("There is a folder where the file " + home().resolve("config.json"));
    }

    @Test
    void nothingIsWrittenByWayOfALink() throws Exception {
        Path elsewhere = Files.createDirectories(directory.resolve("elsewhere"));
        Path kept = Files.writeString(directory.resolve("kept"), "kept");
        Files.createDirectories(home());
        Files.createSymbolicLink(home().resolve("config.json"), kept);
        Files.createSymbolicLink(home().resolve("onnx"), elsewhere);
        assertThatThrownBy(this::upload)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("there is a symbolic link, which the job does not follow");
        assertThat(elsewhere).isEmptyDirectory();
        assertThat(kept).hasContent("kept");
        Files.delete(home().resolve("onnx"));
        assertThat(upload().copied()).isEqualTo(3);
        assertThat(Bundle.describe(home()).files()).isEqualTo(bundle.files());
        assertThat(kept).hasContent("kept");
    }

    @Test
    void aHardLinkWhichTheJobRefusesIsReplaced() throws Exception {
        Files.createDirectories(home());
        Files.createLink(home().resolve("config.json"), model.resolve("config.json"));
        Files.delete(model.resolve("config.json"));
        Files.createLink(directory.resolve("other"), home().resolve("config.json"));
        write("config.json", "{}");
        upload();
        assertThat(Bundle.describe(home()).files()).isEqualTo(bundle.files());
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> children = Files.list(folder)) {
            return children.map(child -> child.getFileName().toString()).toList();
        }
    }
}
