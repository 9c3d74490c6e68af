package dev.koine.engine.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.onnx.graph.OnnxModel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files and folders that are handed over as a model by mistake are called by their names. */
class MistakenFilesTest {
    private static final String POINTER =
            "version https://git-lfs.github.com/spec/v1\noid sha256:" + "7".repeat(64) + "\nsize 435852734\n";

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ''                                                  | is empty
            version https://git-lfs.github.com/spec/v1\\n        | git lfs pull
            <!DOCTYPE html>\\n<html><body>Sign in</body></html>  | HTML page
            \\n <html lang="en">                                 | HTML page
            <?xml version="1.0"?><Error/>                       | XML text
            {"error": "not found"}                              | JSON text
            Entry not found                                     | is text
            PK\\3\\4........archive/data.pkl                      | PyTorch checkpoint
            PK\\3\\4........model.onnx                            | zip archive
            \\200\\2.}q.                                          | Python pickle
            \\40\\0\\0\\0ORTM                                       | .ort
            \\34\\0\\0\\0TFL3                                       | TensorFlow Lite
            GGUF\\3\\0\\0\\0                                        | GGUF
            lmgg\\1                                              | ggml
            \\37\\213\\10                                          | compressed
            (\\265/\\375\\1                                        | compressed
            \\211HDF\\r\\n\\32\\n                                    | HDF5
            \\70\\0\\0\\0\\0\\0\\0\\0{"w": {}}                            | safetensors
            """)
    void aFileIsCalledByItsFirstBytes(String content, String called) throws Exception {
        Files.write(directory.resolve("model.onnx"), bytes(content));
        assertThat(refusal().code()).isEqualTo(RejectionCode.NOT_ONNX);
        assertThat(refusal()).hasMessageContaining("'model.onnx'").hasMessageContaining(called);
    }

    @Test
    void aTarIsToldByItsMagic() throws Exception {
        byte[] tar = new byte[1024];
        tar[0] = 'm';
        System.arraycopy("ustar".getBytes(StandardCharsets.US_ASCII), 0, tar, 257, 5);
        Files.write(directory.resolve("model.onnx"), tar);
        assertThat(refusal()).hasMessageContaining("tar archive");
    }

    @ParameterizedTest
    @CsvSource({
        "adapter_config.json, --checkpoint",
        "adapter_model.safetensors, --checkpoint",
        "model.safetensors, Hugging Face checkpoint",
        "model-00001-of-00002.safetensors, Hugging Face checkpoint",
        "pytorch_model.bin, Hugging Face checkpoint",
        "whisper.ort, .onnx file that it was made from",
        "saved_model.pb, TensorFlow",
        "ggml-base.bin, GGUF",
        "conformer.nemo, NeMo",
        "model.bin, CTranslate2",
        "coreml/encoder.mlmodel, Core ML",
        "best.pt, PyTorch",
        "whisper.tar.gz, Unpack it"
    })
    void aFolderWithoutAModelIsCalledByWhatIsInIt(String file, String called) throws Exception {
        Files.createDirectories(directory.resolve(file).getParent());
        Files.writeString(directory.resolve("config.json"), "{}");
        Files.writeString(directory.resolve(file), "x");
        assertThat(refusal().code()).isEqualTo(RejectionCode.NOT_ONNX);
        assertThat(refusal())
                .hasMessageContaining("no .onnx file")
                .hasMessageContaining("'" + file + "'")
                .hasMessageContaining(called);
    }

    @Test
    void anAdapterIsNamedBeforeTheCheckpointBesideIt() throws Exception {
        Files.writeString(directory.resolve("a.safetensors"), "x");
        Files.writeString(directory.resolve("adapter_model.bin"), "x");
        assertThat(refusal()).hasMessageContaining("PEFT adapter");
    }

    @Test
    void aFileThatIsCutOffLacksSoManyBytes() throws Exception {
        byte[] whole = model().toByteArray();
        Files.write(directory.resolve("model.onnx"), Arrays.copyOf(whole, whole.length - 1000));
        assertThat(refusal().code()).isEqualTo(RejectionCode.NOT_ONNX);
        assertThat(refusal()).hasMessageMatching("(?s).*was cut off: .* at least 9[0-9]{2} more belong to it.*");
    }

    @Test
    void externalDataThatIsCutOffLacksWhatItsLastTensorNeeds() throws Exception {
        Protos.write(
                directory,
                "model.onnx",
                Protos.model(GraphProto.newBuilder()
                        .addInitializer(Protos.external("late", List.of(8L), "data", 100))
                        .addInitializer(Protos.external("early", List.of(8L), "data", 60))));
        Files.write(directory.resolve("data"), new byte[70]);
        assertThat(refusal().code()).isEqualTo(RejectionCode.NOT_ONNX);
        assertThat(refusal())
                .hasMessageContaining("'late'")
                .hasMessageContaining("62 bytes past the end of 'data', which has 70 bytes");
    }

    @Test
    void externalDataMayBeAPointerToo() throws Exception {
        Protos.write(
                directory,
                "model.onnx",
                Protos.model(GraphProto.newBuilder()
                        .addInitializer(Protos.external("w", List.of(1000L), "model.onnx_data", 0))));
        Files.writeString(directory.resolve("model.onnx_data"), POINTER);
        assertThat(refusal())
                .hasMessageContaining("External data 'model.onnx_data' of 'model.onnx' is a Git LFS pointer")
                .hasMessageContaining("git lfs pull");
    }

    /** Who sends events without koine may list what macOS leaves beside each file. */
    @Test
    void whatMacOsLeavesBesideAModelIsCalledByItsName() throws Exception {
        Protos.write(directory, "model.onnx", model());
        Files.write(
                directory.resolve("._model.onnx"),
                bytes("\\0\\5\\26\\7\\0\\2\\0\\0Mac OS X        " + "\\0".repeat(40)));
        assertThat(refusal())
                .hasMessageContaining("'._model.onnx' is what macOS keeps beside a file")
                .hasMessageContaining("find DIR -name '._*' -delete");
        assertThat(ModelBundle.openWithoutStrays(directory).files()).containsExactly("model.onnx");
        Files.delete(directory.resolve("._model.onnx"));
        assertThat(ModelBundle.open(directory).models()).hasSize(1);
    }

    @Test
    void modelsInFoldersOfToolsAreNoneOfAUsersFolder() throws Exception {
        Protos.write(directory, "model.onnx", model());
        Path checkpoints = Files.createDirectories(directory.resolve(".ipynb_checkpoints"));
        Protos.write(checkpoints, "model-checkpoint.onnx", model());
        Files.createSymbolicLink(checkpoints.resolve("link"), directory.resolve("model.onnx"));
        assertThat(ModelBundle.openWithoutStrays(directory).models())
                .extracting(OnnxModel::path)
                .containsExactly("model.onnx");
        Files.delete(checkpoints.resolve("link"));
        assertThat(ModelBundle.open(directory).models()).hasSize(2);
    }

    /** A file that was renamed with its model: the file of another name is large enough, and with its name back the model is read. */
    @Test
    void externalDataThatWasRenamedIsFound() throws Exception {
        Protos.write(
                directory,
                "encoder.onnx",
                Protos.model(GraphProto.newBuilder()
                        .addInitializer(Protos.external("w", List.of(10L), "model.onnx_data", 60))));
        Files.write(directory.resolve("encoder.onnx_data"), new byte[99]);
        Files.write(directory.resolve("tokenizer.model"), new byte[1000]);
        assertThat(refusal().code()).isEqualTo(RejectionCode.MISSING_FILE);
        assertThat(refusal())
                .hasMessageContaining("'model.onnx_data'")
                .hasMessageContaining("Add the file, under that name");
        Files.write(directory.resolve("encoder.onnx_data"), new byte[100]);
        Files.write(directory.resolve("decoder.onnx_data"), new byte[1000]);
        assertThat(refusal())
                .hasMessageContaining("External data 'model.onnx_data' of 'encoder.onnx' is not in the bundle")
                .hasMessageContaining("'encoder.onnx_data'")
                .hasMessageContaining("give the file its name back");
        Files.move(directory.resolve("encoder.onnx_data"), directory.resolve("model.onnx_data"));
        assertThat(ModelBundle.open(directory).models()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({"/models/de/model.onnx.data", "'.\\model.onnx.data'", "C:/models/model.onnx.data"})
    void aPlaceOfExternalDataThatIsNoneHereIsToldWithAWayOut(String location) throws Exception {
        Protos.write(
                directory,
                "model.onnx",
                Protos.model(GraphProto.newBuilder().addInitializer(Protos.external("w", List.of(10L), location, 0))));
        Files.write(directory.resolve("model.onnx.data"), new byte[40]);
        assertThat(refusal().code()).isEqualTo(RejectionCode.PLACE_NOT_ALLOWED);
        assertThat(refusal())
                .hasMessageContaining("load_external_data=False")
                .hasMessageContaining("onnx.save(m, PATH)");
        Protos.write(
                directory,
                "model.onnx",
                Protos.model(GraphProto.newBuilder()
                        .addInitializer(Protos.external("w", List.of(10L), "model.onnx.data", 0))));
        assertThat(ModelBundle.open(directory).models()).hasSize(1);
    }

    private static ModelProto model() {
        return Protos.model(GraphProto.newBuilder().addInitializer(Protos.random("w", new Random(1), 40, 40)));
    }

    private static byte[] bytes(String escaped) {
        return escaped.translateEscapes().getBytes(StandardCharsets.ISO_8859_1);
    }

    private RejectedException refusal() throws IOException {
        return catchThrowableOfType(RejectedException.class, () -> ModelBundle.open(directory));
    }
}
