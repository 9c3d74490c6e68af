package dev.koine.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A CTC model whose logits are the features: four of each frame, for padding, the end of a word, a and b. */
public final class TinyCtc {
    /** Features a frame. */
    public static final int MELS = 4;

    private TinyCtc() {}

    public static void write(Path directory) throws IOException {
        write(directory, 1);
    }

    /** @param padding what the logit of padding is multiplied with */
    public static void write(Path directory, float padding) throws IOException {
        write(directory, padding, "a");
    }

    /** A bundle in a directory of its own whose model writes another letter than a; so what it says tells which one it is. */
    public static Path saying(String letter, Path directory) throws IOException {
        write(Files.createDirectories(directory), 1, letter);
        return directory;
    }

    /** Features, [frames, 4], that the model writes these tokens for, such as 2 for a. */
    public static float[] hearing(int... tokens) {
        float[] values = new float[tokens.length * MELS];
        for (int frame = 0; frame < tokens.length; frame++) {
            values[frame * MELS + tokens[frame]] = 1;
        }
        return values;
    }

    private static void write(Path directory, float padding, String letter) throws IOException {
        Files.writeString(directory.resolve("config.json"), """
                {"model_type": "ctc", "blank_token_id": 0, "word_delimiter_token": "|", "num_mel_bins": 4}""");
        Files.writeString(directory.resolve("vocab.json"), """
                {"<pad>": 0, "|": 1, "%s": 2, "b": 3}""".formatted(letter));
        new TinyOnnx()
                .floatInput("features", "batch", "frames", "4")
                .output("logits", "batch", "frames", "4")
                .matrix("weight", new float[][] {{padding, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}})
                .node("MatMul", "logits", "features", "weight")
                .write(directory.resolve("model.onnx"));
    }
}
