package dev.koine.speech;

import dev.koine.testkit.TinyOnnx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A CTC model whose logits are the features: four of each frame, for padding, the end of a word, a and b. */
public final class TinyCtc {
    private TinyCtc() {}

    public static void write(Path directory) throws IOException {
        write(directory, 1);
    }

    /** @param padding what the logit of padding is multiplied with */
    public static void write(Path directory, float padding) throws IOException {
        Files.writeString(directory.resolve("config.json"), """
                {"model_type": "ctc", "blank_token_id": 0, "word_delimiter_token": "|", "num_mel_bins": 4}""");
        Files.writeString(directory.resolve("vocab.json"), """
                {"<pad>": 0, "|": 1, "a": 2, "b": 3}""");
        new TinyOnnx()
                .floatInput("features", "batch", "frames", "4")
                .output("logits", "batch", "frames", "4")
                .matrix("weight", new float[][] {{padding, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}})
                .node("MatMul", "logits", "features", "weight")
                .write(directory.resolve("model.onnx"));
    }
}
