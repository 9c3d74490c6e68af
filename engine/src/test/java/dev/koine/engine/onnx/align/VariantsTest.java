package dev.koine.engine.onnx.align;

import static dev.koine.engine.onnx.Protos.node;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ai.onnx.proto.OnnxMl.GraphProto;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.Protos;
import dev.koine.engine.onnx.TinySpeech;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A folder as downloaded, with a model and its variants side by side. */
class VariantsTest {
    @TempDir
    Path directory;

    @Test
    void theQuantisedVariantIsNamedAndTakingItOutHelps() throws Exception {
        Protos.write(directory, "model.onnx", new TinySpeech(1, 1).export());
        Path quantised = Protos.write(
                directory,
                "model_quantized.onnx",
                Protos.model(GraphProto.newBuilder()
                        .addInput(Protos.value("x", Protos.FLOAT, -1, 8))
                        .addNode(node("DynamicQuantizeLinear", "", List.of("x"), List.of("q", "s", "z")))
                        .addOutput(Protos.value("s", Protos.FLOAT))));
        RejectedException refused = catchThrowableOfType(
                RejectedException.class, () -> ModelBundle.open(directory).requireFloat("base"));
        assertThat(refused.code()).isEqualTo(RejectionCode.QUANTIZED);
        assertThat(refused)
                .hasMessageContaining("beside others, 'model.onnx'")
                .hasMessageEndingWith("take 'model_quantized.onnx' out.");
        Files.delete(directory.resolve(quantised.getFileName().toString()));
        ModelBundle.open(directory).requireFloat("base");
    }
}
