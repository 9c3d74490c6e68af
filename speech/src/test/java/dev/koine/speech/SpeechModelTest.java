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
import dev.koine.speech.onnx.OnnxSessions;
import dev.koine.testkit.TinyCtc;
import dev.koine.testkit.TinyOnnx;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpeechModelTest {
    private static final OnnxOptions OPTIONS = new OnnxOptions(1, Device.CPU);
    private static final Features QUIET = new Features(new float[] {0, 0, 0, 0}, 2, 2);
    private static final Features LOUD = new Features(new float[] {3, 0, 0, 0}, 2, 2);

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

    /** Each token's logits are the sum of the rows of all tokens before, so that a lost key or value changes the text. */
    @Test
    void aKeyValueCacheChangesNoText() throws Exception {
        writeWhisper();
        writeSummingDecoder(directory.resolve("decoder_model.onnx"), next());
        List<String> without = transcripts(QUIET, LOUD);
        writeSummingDecoderWithPast(next());
        assertThat(transcripts(QUIET, LOUD)).isEqualTo(without).doesNotHaveDuplicates();
        writeSummingDecoderWithPast(new float[8][8]);
        assertThat(transcripts(QUIET, LOUD)).isNotEqualTo(without);
    }

    @Test
    void aDecoderWithPastThatDoesNotFitIsRefused() throws Exception {
        writeWhisper();
        writeSummingDecoderWithPast(next());
        assertRejected(RejectionCode.NOT_LOADABLE, "past_key_values.0.decoder.key");
    }

    /** What stands beside it is not looked at. */
    @Test
    void aMergedDecoderIsTakenFirstAndChangesNoTextAndNoLoss() throws Exception {
        writeWhisper();
        writeSummingDecoder(directory.resolve("decoder_model.onnx"), next());
        List<String> without = transcripts(QUIET, LOUD);
        Loss loss = loss();
        writeMergedDecoder(next());
        writeSummingDecoderWithPast(new float[8][8]);
        writeSummingDecoder(directory.resolve("decoder_model.onnx"), new float[8][8]);
        assertThat(transcripts(QUIET, LOUD)).isEqualTo(without).doesNotHaveDuplicates();
        assertThat(loss()).isEqualTo(loss);
    }

    @Test
    void aMergedDecoderIsEnough() throws Exception {
        writeWhisper();
        writeSummingDecoder(directory.resolve("decoder_model.onnx"), next());
        List<String> without = transcripts(QUIET, LOUD);
        Files.delete(directory.resolve("decoder_model.onnx"));
        writeMergedDecoder(next());
        assertThat(transcripts(QUIET, LOUD)).isEqualTo(without);
        try (OnnxSessions sessions = OnnxSessions.open(directory, OPTIONS)) {
            SpeechModel model = SpeechModel.open(directory, sessions);
            assertThat(model.transcribe(QUIET, "de", Task.TRANSCRIBE)).isEqualTo(without.get(0));
        }
    }

    @Test
    void aMergedDecoderThatIsNoneIsPassedOverOrRefused() throws Exception {
        writeWhisper();
        writeSummingDecoder(directory.resolve("decoder_model.onnx"), next());
        List<String> without = transcripts(QUIET, LOUD);
        writeSummingDecoder(directory.resolve("decoder_model_merged.onnx"), new float[8][8]);
        assertThat(transcripts(QUIET, LOUD)).isEqualTo(without);
        Files.delete(directory.resolve("decoder_model.onnx"));
        assertRejected(RejectionCode.NOT_LOADABLE, "use_cache_branch");
    }

    private Loss loss() throws Exception {
        try (SpeechModel model = SpeechModel.open(directory, OPTIONS);
                EncodedSpeech encoded = model.encode(QUIET)) {
            return encoded.loss("de", Task.TRANSCRIBE, "a b");
        }
    }

    private List<String> transcripts(Features... speech) throws Exception {
        List<String> texts = new ArrayList<>();
        try (SpeechModel model = SpeechModel.open(directory, OPTIONS)) {
            for (Features features : speech) {
                texts.add(model.transcribe(features, "de", Task.TRANSCRIBE));
            }
        }
        return texts;
    }

    private static float[][] next() {
        float[][] next = new float[8][8];
        next[7][2] = 0.2f;
        next[7][0] = 1;
        next[0][0] = -2;
        next[0][2] = 2;
        next[2][2] = -3;
        next[2][1] = 1.5f;
        next[1][1] = -4;
        next[1][0] = 3.5f;
        next[1][3] = 1;
        return next;
    }

    private static void writeSummingDecoder(Path file, float[][] next) throws Exception {
        withOutputs(whole(new TinyOnnx()
                        .longInput("input_ids", "batch", "tokens")
                        .floatInput("encoder_hidden_states", "batch", "frames", "8")
                        .matrix("next", next)
                        .longs("axis", 1)))
                .write(file);
    }

    private static TinyOnnx withOutputs(TinyOnnx graph) {
        return graph.output("logits", "batch", "tokens", "8")
                .output("present.0.decoder.key", "batch", "all", "8")
                .output("present.0.encoder.key", "batch", "1", "8");
    }

    private static TinyOnnx whole(TinyOnnx graph) {
        return graph.node("Gather", "present.0.decoder.key", "next", "input_ids")
                .node("CumSum", "sum", "present.0.decoder.key", "axis")
                .along("ReduceMax", "present.0.encoder.key", "encoder_hidden_states", "axes", 1)
                .node("Add", "logits", "sum", "present.0.encoder.key");
    }

    private void writeSummingDecoderWithPast(float[][] next) throws Exception {
        step(new TinyOnnx()
                        .longInput("input_ids", "batch", "1")
                        .floatInput("past_key_values.0.decoder.key", "batch", "past", "8")
                        .floatInput("past_key_values.0.encoder.key", "batch", "1", "8")
                        .output("logits", "batch", "1", "8")
                        .output("present.0.decoder.key", "batch", "all", "8")
                        .matrix("next", next)
                        .longs("axis", 1))
                .write(directory.resolve("decoder_with_past_model.onnx"));
    }

    private static TinyOnnx step(TinyOnnx graph) {
        return graph.node("Gather", "key", "next", "input_ids")
                .concat("present.0.decoder.key", 1, "past_key_values.0.decoder.key", "key")
                .node("ReduceSum", "sum", "present.0.decoder.key", "axis")
                .node("Add", "logits", "sum", "past_key_values.0.encoder.key");
    }

    /** Puts out a stand-in for the encoder's key where there is a cache, as Optimum's do, and takes the place of the token, as some do. */
    private void writeMergedDecoder(float[][] next) throws Exception {
        TinyOnnx then = withOutputs(step(new TinyOnnx()))
                .floats("stand-in", new float[8])
                .longs("one", 1, 1, 8)
                .node("Reshape", "present.0.encoder.key", "stand-in", "one");
        withOutputs(new TinyOnnx()
                        .longInput("input_ids", "batch", "tokens")
                        .floatInput("encoder_hidden_states", "batch", "frames", "8")
                        .floatInput("past_key_values.0.decoder.key", "batch", "past", "8")
                        .floatInput("past_key_values.0.encoder.key", "batch", "1", "8")
                        .longInput("cache_position", "tokens")
                        .boolInput("use_cache_branch", "1")
                        .matrix("next", next)
                        .longs("axis", 1))
                .branches("use_cache_branch", then, withOutputs(whole(new TinyOnnx())))
                .write(directory.resolve("decoder_model_merged.onnx"));
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
        Files.writeString(directory.resolve("config.json"), """
                {"model_type": "whisper", "num_mel_bins": 2, "max_source_positions": 2, "features_padding": -1.0,
                 "max_target_positions": 448}""");
        Files.writeString(directory.resolve("generation_config.json"), """
                {"decoder_start_token_id": 4, "lang_to_id": {"<|de|>": 5}, "task_to_id": {"transcribe": 6},
                 "no_timestamps_token_id": 7, "eos_token_id": 3, "max_length": 8, "begin_suppress_tokens": [2, 3],
                 "suppress_tokens": null}""");
        Files.writeString(directory.resolve("vocab.json"), """
                {"a": 0, "b": 1, "\u0120": 2, "<|endoftext|>": 3}""");
        float[][] next = new float[8][8];
        next[7][2] = 6;
        next[7][0] = 5;
        next[0][2] = 5;
        next[2][1] = 5;
        next[1][3] = 5;
        new TinyOnnx()
                .floatInput("input_features", "batch", "2", "4")
                .output("last_hidden_state", "batch", "4", "8")
                .matrix("weight", new float[][] {{1, 0, 0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 0, 0}})
                .along("Transpose", "transposed", "input_features", "perm", 0, 2, 1)
                .node("MatMul", "last_hidden_state", "transposed", "weight")
                .write(directory.resolve("encoder_model.onnx"));
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
