package dev.koine.speech;

import dev.koine.engine.RejectedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The JSON beside a model. */
public final class ModelJsonTarget {
    private static final Path FOLDER = folder();

    private ModelJsonTarget() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        Files.write(FOLDER.resolve("config.json"), data);
        try {
            ModelJson json = ModelJson.read(FOLDER, "config.json");
            refusing(() -> CtcConfig.of(json));
            refusing(() -> WhisperConfig.of(json, json));
            refusing(() -> Vocabulary.of(json.table()));
        } catch (RejectedException refused) {
            if (refused.getMessage() == null) {
                throw new AssertionError("a refusal without a word", refused);
            }
        }
    }

    private static void refusing(Reading reading) throws IOException {
        try {
            reading.read();
        } catch (RejectedException refused) {
            if (refused.getMessage() == null) {
                throw new AssertionError("a refusal without a word", refused);
            }
        }
    }

    /** Takes something from the JSON. */
    @FunctionalInterface
    private interface Reading {
        Object read() throws RejectedException, IOException;
    }

    private static Path folder() {
        try {
            Path folder = Files.createTempDirectory("koine-fuzz-json");
            folder.toFile().deleteOnExit();
            return folder;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
