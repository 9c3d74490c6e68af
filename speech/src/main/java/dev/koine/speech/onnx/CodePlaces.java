package dev.koine.speech.onnx;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Path;
import java.security.CodeSource;
import org.jspecify.annotations.Nullable;

/** Where classes come from: what another JVM needs on its class path to have them, whichever class loader this one has. */
public final class CodePlaces {
    private CodePlaces() {}

    /**
     * The jar or the directory that a class was loaded from.
     *
     * @throws IOException if it came from neither
     */
    public static Path of(Class<?> type) throws IOException {
        @Nullable CodeSource source = type.getProtectionDomain().getCodeSource();
        if (source == null || source.getLocation() == null) {
            throw new IOException("Nothing says where the class " + type.getName() + " was loaded from.");
        }
        try {
            return Path.of(source.getLocation().toURI());
        } catch (URISyntaxException | IllegalArgumentException | FileSystemNotFoundException e) {
            throw new IOException(
                    "The class " + type.getName() + " was loaded from " + source.getLocation()
                            + ", which is no plain jar or directory on this machine.",
                    e);
        }
    }
}
