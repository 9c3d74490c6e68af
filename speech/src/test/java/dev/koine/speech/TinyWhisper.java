package dev.koine.speech;

import dev.koine.testkit.TinyOnnx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A Whisper model whose decoder is written in each of Optimum's layouts: the logits after some tokens are the sum of the rows of all of them
 * times a matrix, so that a lost key changes the text; the largest feature of the first mel is added to the logit of 'a'.
 *
 * @param next a row for each token
 * @param linear the matrix; the decoder with past has its transpose
 */
@SuppressWarnings("ArrayRecordComponent")
public record TinyWhisper(float[][] next, float[][] linear) {
    static final Features QUIET = new Features(new float[] {0, 0, 0, 0}, 2, 2);
    static final Features LOUD = new Features(new float[] {3, 0, 0, 0}, 2, 2);
    private static final int TOKENS = 8;

    /** One that says something else of {@link #QUIET} than of {@link #LOUD}. */
    public static TinyWhisper talking() {
        float[][] next = new float[TOKENS][TOKENS];
        next[7][2] = 0.2f;
        next[7][0] = 1;
        next[0][0] = -2;
        next[0][2] = 2;
        next[2][2] = -3;
        next[2][1] = 1.5f;
        next[1][1] = -4;
        next[1][0] = 3.5f;
        next[1][3] = 1;
        return new TinyWhisper(next, identity());
    }

    /** One that says nothing. */
    public static TinyWhisper silent() {
        return new TinyWhisper(new float[TOKENS][TOKENS], identity());
    }

    private static float[][] identity() {
        float[][] identity = new float[TOKENS][TOKENS];
        for (int i = 0; i < TOKENS; i++) {
            identity[i][i] = 1;
        }
        return identity;
    }

    /** All but a decoder. */
    public static void writeWithoutDecoder(Path directory) throws IOException {
        Files.createDirectories(directory);
        Files.writeString(directory.resolve("config.json"), """
                {"model_type": "whisper", "num_mel_bins": 2, "max_source_positions": 2, "features_padding": -1.0,
                 "max_target_positions": 448}""");
        Files.writeString(directory.resolve("generation_config.json"), """
                {"decoder_start_token_id": 4, "lang_to_id": {"<|de|>": 5}, "task_to_id": {"transcribe": 6},
                 "no_timestamps_token_id": 7, "eos_token_id": 3, "max_length": 8, "begin_suppress_tokens": [2, 3],
                 "suppress_tokens": null}""");
        Files.writeString(directory.resolve("vocab.json"), """
                {"a": 0, "b": 1, "\u0120": 2, "<|endoftext|>": 3}""");
        new TinyOnnx()
                .floatInput("input_features", "batch", "2", "4")
                .output("last_hidden_state", "batch", "4", "8")
                .matrix("weight", new float[][] {{1, 0, 0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 0, 0}})
                .along("Transpose", "transposed", "input_features", "perm", 0, 2, 1)
                .node("MatMul", "last_hidden_state", "transposed", "weight")
                .write(directory.resolve("encoder_model.onnx"));
    }

    public void writePlain(Path directory) throws IOException {
        withOutputs(whole(new TinyOnnx()
                        .longInput("input_ids", "batch", "tokens")
                        .floatInput("encoder_hidden_states", "batch", "frames", "8")
                        .matrix("next", next)
                        .matrix("linear", linear)
                        .longs("axis", 1)))
                .write(directory.resolve("decoder_model.onnx"));
    }

    public void writeWithPast(Path directory) throws IOException {
        float[][] transposed = new float[TOKENS][TOKENS];
        for (int i = 0; i < TOKENS; i++) {
            for (int j = 0; j < TOKENS; j++) {
                transposed[i][j] = linear[j][i];
            }
        }
        step(new TinyOnnx()
                        .longInput("input_ids", "batch", "1")
                        .floatInput("past_key_values.0.decoder.key", "batch", "past", "8")
                        .floatInput("past_key_values.0.encoder.key", "batch", "1", "8")
                        .output("logits", "batch", "1", "8")
                        .output("present.0.decoder.key", "batch", "all", "8")
                        .matrix("next", next)
                        .matrix("turned", transposed)
                        .longs("axis", 1)
                        .along("Transpose", "linear", "turned", "perm", 1, 0))
                .write(directory.resolve("decoder_with_past_model.onnx"));
    }

    /** Puts out a stand-in for the encoder's key where there is a cache, as Optimum's do, and takes the places of tokens, as some do. */
    public void writeMerged(Path directory) throws IOException {
        TinyOnnx then = withOutputs(step(new TinyOnnx()))
                .floats("stand-in", new float[TOKENS])
                .longs("one", 1, 1, TOKENS)
                .node("Reshape", "present.0.encoder.key", "stand-in", "one");
        withOutputs(new TinyOnnx()
                        .longInput("input_ids", "batch", "tokens")
                        .floatInput("encoder_hidden_states", "batch", "frames", "8")
                        .floatInput("past_key_values.0.decoder.key", "batch", "past", "8")
                        .floatInput("past_key_values.0.encoder.key", "batch", "1", "8")
                        .longInput("cache_position", "tokens")
                        .boolInput("use_cache_branch", "1")
                        .matrix("next", next)
                        .matrix("linear", linear)
                        .longs("axis", 1))
                .branches("use_cache_branch", then, withOutputs(whole(new TinyOnnx())))
                .write(directory.resolve("decoder_model_merged.onnx"));
    }

    private static TinyOnnx withOutputs(TinyOnnx graph) {
        return graph.output("logits", "batch", "tokens", "8")
                .output("present.0.decoder.key", "batch", "all", "8")
                .output("present.0.encoder.key", "batch", "1", "8");
    }

    private static TinyOnnx whole(TinyOnnx graph) {
        return graph.node("Gather", "present.0.decoder.key", "next", "input_ids")
                .node("CumSum", "sum", "present.0.decoder.key", "axis")
                .node("MatMul", "product", "sum", "linear")
                .along("ReduceMax", "present.0.encoder.key", "encoder_hidden_states", "axes", 1)
                .node("Add", "logits", "product", "present.0.encoder.key");
    }

    private static TinyOnnx step(TinyOnnx graph) {
        return graph.node("Gather", "key", "next", "input_ids")
                .concat("present.0.decoder.key", 1, "past_key_values.0.decoder.key", "key")
                .node("ReduceSum", "sum", "present.0.decoder.key", "axis")
                .node("MatMul", "product", "sum", "linear")
                .node("Add", "logits", "product", "past_key_values.0.encoder.key");
    }
}
