package dev.koine.speech.onnx;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Path;
import java.security.CodeSource;
import org.jspecify.annotations.Nullable;

/** Where classes come from: what another JVM needs on its class path to have them, whichever class loader this one has. */
public final class CodePlaces {
    private static final String FILE = "file";

    private CodePlaces() {}

    /**
     * The jar or the directory that a class was loaded from. Flink names jars in {@code usrlib} from the folder that it was started in:
     * {@code file:usrlib/koine-job.jar}.
     *
     * @throws IOException if it came from neither
     */
    public static Path of(Class<?> type) throws IOException {
        @Nullable CodeSource source = type.getProtectionDomain().getCodeSource();
        if (source == null || source.getLocation() == null) {
            throw new IOException("Nothing says where the class " + type.getName() + " was loaded from.");
        }
        try {
            URI place = source.getLocation().toURI();
            return place.isOpaque() && FILE.equals(place.getScheme())
                    ? Path.of(place.getSchemeSpecificPart()).toAbsolutePath().normalize()
                    : Path.of(place);
        } catch (URISyntaxException | IllegalArgumentException | FileSystemNotFoundException e) {
            throw new IOException(
                    "The class " + type.getName() + " was loaded from " + source.getLocation()
                            + ", which is no plain jar or directory on this machine.",
                    e);
        }
    }
}
