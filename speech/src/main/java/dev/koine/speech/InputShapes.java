package dev.koine.speech;

import dev.koine.engine.RejectedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Shapes that a bundle's {@code config.json} gives to inputs whose graph leaves them open. */
public final class InputShapes {
    private static final String CONFIG = "config.json";

    private InputShapes() {}

    /**
     * The shapes by name of the input: Whisper's window of features, [1, mels, frames]. Empty for a bundle without a config.json, or with
     * that of another architecture.
     *
     * @throws IOException if the file cannot be read
     */
    public static Map<String, List<Long>> of(Path directory) throws IOException {
        if (!Files.isRegularFile(directory.resolve(CONFIG))) {
            return Map.of();
        }
        try {
            ModelJson config = ModelJson.read(directory, CONFIG);
            boolean isWhisper = config.has("num_mel_bins") && config.has("max_source_positions");
            return isWhisper
                    ? Map.of(
                            "input_features",
                            List.of(1L, (long) config.index("num_mel_bins"), 2L * config.index("max_source_positions")))
                    : Map.of();
        } catch (RejectedException e) {
            return Map.of();
        }
    }
}
