package dev.koine.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;

/** ONNX files of less than a kilobyte that protobuf reads and native code comes to harm on. */
public enum HarmfulModel {
    /** A beam search whose decoder has one input: ONNX Runtime 1.28 aborts. */
    ABORTS,
    /** A loop without end. */
    HANGS,
    /** A constant of a terabyte. */
    ALLOCATES,
    /** Wants gigabytes to answer. */
    GROWS;

    public byte[] bytes() throws IOException {
        String name = name().toLowerCase(Locale.ROOT) + ".onnx";
        try (InputStream in = Objects.requireNonNull(HarmfulModel.class.getResourceAsStream(name), name)) {
            return in.readAllBytes();
        }
    }

    /** Writes it as the one file of a bundle. */
    public Path write(Path directory) throws IOException {
        Files.createDirectories(directory);
        Files.write(directory.resolve(Mutation.FILE), bytes());
        return directory;
    }
}
