package dev.koine.speech;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.koine.engine.Device;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.testkit.TinyCtc;
import dev.koine.testkit.TinyOnnx;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpeechModelTest {
    private static final OnnxOptions OPTIONS = new OnnxOptions(1, Device.CPU);

    @TempDir
    Path directory;

    @Test
    void ctcMergesRepeatsAndDropsBlanks() throws Exception {
        TinyCtc.write(directory);
        try (SpeechModel model = SpeechModel.open(directory, OPTIONS)) {
            Features features = oneHot(4, 0, 2, 2, 0, 2, 3, 3, 1, 2);
            assertThat(model.transcribe(features, "de", Task.TRANSCRIBE)).isEqualTo("aab a");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> model.transcribe(oneHot(3, 0, 1), "de", Task.TRANSCRIBE))
                    .withMessageContaining("[frames, 4]");
            assertThatIllegalArgumentException().isThrownBy(() -> model.transcribe(features, "de", Task.TRANSLATE));
            Features damaged = new Features(new float[] {Float.NaN, 0, 0, 0}, 1, 4);
            assertThatIllegalStateException()
                    .isThrownBy(() -> model.transcribe(damaged, "de", Task.TRANSCRIBE))
                    .withMessageContaining("NaN");
        }
    }

    @Test
    void whisperFollowsThePromptAndStopsAtTheEnd() throws Exception {
        writeWhisper();
        try (SpeechModel model = SpeechModel.open(directory, OPTIONS)) {
            Features quiet = new Features(new float[] {0, 0, 0, 0}, 2, 2);
            assertThat(model.transcribe(quiet, "de-AT", Task.TRANSCRIBE)).isEqualTo("a b");
            Features loud = new Features(new float[] {9, 0, 0, 0}, 2, 2);
            assertThat(model.transcribe(loud, "de", Task.TRANSCRIBE)).isEqualTo("aaaa");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> model.transcribe(quiet, "nl", Task.TRANSCRIBE))
                    .withMessageContaining("<|de|>");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> model.transcribe(new Features(new float[10], 2, 5), "de", Task.TRANSCRIBE))
                    .withMessageContaining("up to 4 frames");
        }
    }

    /** The prompt ends with 7; after it come a, space, b and the end, each from the row of the token before. */
    @Test
    void theForcedLossIsThatOfEachTokenAfterThoseBeforeIt() throws Exception {
        writeWhisper();
        double expected = 0;
        for (double[] step : new double[][] {{5, 6}, {5}, {5}, {5}}) {
            double others = 0;
            for (double logit : step) {
                others += Math.exp(logit);
            }
            expected += Math.log(others + (8 - step.length)) - 5;
        }
        try (SpeechModel model = SpeechModel.open(directory, OPTIONS);
                EncodedSpeech encoded = model.encode(new Features(new float[] {0, 0, 0, 0}, 2, 2))) {
            Loss loss = encoded.loss("de", Task.TRANSCRIBE, "a b");
            assertThat(loss.units()).isEqualTo(4);
            assertThat(loss.nats()).isCloseTo(expected, within(1e-5));
            assertThat(encoded.loss("de", Task.TRANSCRIBE, "x")).isEqualTo(Loss.NONE);
            assertThat(encoded.loss("de", Task.TRANSCRIBE, "a".repeat(9))).isEqualTo(Loss.NONE);
        }
    }

    @Test
    void saysWhatABundleLacks() throws Exception {
        assertRejected(RejectionCode.MISSING_FILE, "config.json");
        TinyCtc.write(directory);
        Files.delete(directory.resolve("model.onnx"));
        assertRejected(RejectionCode.MISSING_FILE, "model.onnx");
        Files.writeString(directory.resolve("model.onnx"), "no protobuf");
        assertRejected(RejectionCode.NOT_LOADABLE, "ONNX Runtime does not load model.onnx");
        Files.writeString(directory.resolve("config.json"), "{\"model_type\":\"ctc\"}");
        assertRejected(RejectionCode.NOT_LOADABLE, "blank_token_id");
        Files.writeString(directory.resolve("config.json"), "{\"model_type\":\"tacotron\"}");
        assertRejected(RejectionCode.NOT_LOADABLE, "Known are ctc and whisper");
        Files.writeString(directory.resolve("config.json"), "{");
        assertRejected(RejectionCode.NOT_LOADABLE, "is not JSON");
    }

    private void assertRejected(RejectionCode code, String says) {
        assertThatExceptionOfType(RejectedException.class)
                .isThrownBy(() -> SpeechModel.open(directory, OPTIONS).close())
                .withMessageContaining(says)
                .satisfies(e -> assertThat(e.code()).isEqualTo(code));
    }

    /** After token i comes the highest of row i; the largest feature of the first mel is added to the logit of 'a'. */
    private void writeWhisper() throws Exception {
        float[][] next = new float[8][8];
        next[7][2] = 6;
        next[7][0] = 5;
        next[0][2] = 5;
        next[2][1] = 5;
        next[1][3] = 5;
        TinyWhisper.writeWithoutDecoder(directory);
        new TinyOnnx()
                .longInput("input_ids", "batch", "tokens")
                .floatInput("encoder_hidden_states", "batch", "frames", "8")
                .output("logits", "batch", "tokens", "8")
                .matrix("next", next)
                .node("Gather", "following", "next", "input_ids")
                .along("ReduceMax", "loudest", "encoder_hidden_states", "axes", 1)
                .node("Add", "logits", "following", "loudest")
                .write(directory.resolve("decoder_model.onnx"));
    }

    private static Features oneHot(int columns, int... hot) {
        float[] values = new float[columns * hot.length];
        for (int row = 0; row < hot.length; row++) {
            values[row * columns + hot[row]] = 1;
        }
        return new Features(values, hot.length, columns);
    }
}
