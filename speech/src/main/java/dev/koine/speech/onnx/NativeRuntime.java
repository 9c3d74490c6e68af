package dev.koine.speech.onnx;

import ai.onnxruntime.OrtEnvironment;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where ONNX Runtime's native libraries lie unpacked. ONNX Runtime by itself unpacks them to Java's temporary directory at every start,
 * and says nothing of use where that is full or mounted {@code noexec}. Here they are unpacked once, by version, to the first of these
 * that can be written to and executed from: the directory that {@value #PROPERTY} or {@value #VARIABLE} names, and none other where one
 * of them is set; {@code koine} in the user's cache directory; a directory of the user's own in Java's temporary directory; beside the
 * installed command.
 */
public final class NativeRuntime {
    /** System property that names the directory to unpack to. */
    public static final String PROPERTY = "koine.native.dir";
    /** Environment variable that names the directory to unpack to. */
    public static final String VARIABLE = "KOINE_NATIVE_DIR";
    /** ONNX Runtime's own system property: a directory that holds the libraries unpacked. */
    static final String UNPACKED = "onnxruntime.native.path";

    /** What Java says where a class loader wants a library that another one has. */
    private static final String OTHER_LOADER = "already loaded in another classloader";

    private NativeRuntime() {}

    /**
     * The directory with the libraries, which are unpacked if they are not yet.
     *
     * @throws IOException if they can be executed from none of the places, with the reason for each
     */
    public static Path locate() throws IOException {
        @Nullable String unpacked = System.getProperty(UNPACKED);
        if (unpacked != null) {
            return Path.of(unpacked);
        }
        try (NativeLibraries libraries = NativeLibraries.open()) {
            return locate(libraries, roots());
        }
    }

    static Path locate(NativeLibraries libraries, Iterable<Path> roots) throws IOException {
        List<String> reasons = new ArrayList<>();
        for (Path root : roots) {
            try {
                return libraries.unpack(root);
            } catch (IOException e) {
                reasons.add(root + " (" + reason(e) + ")");
            }
        }
        throw new IOException("ONNX Runtime's native library cannot be unpacked to and executed from any of "
                + String.join(", ", reasons) + ". Name a directory where files may be executed: set " + VARIABLE
                + ", or the system property " + PROPERTY + ".");
    }

    /**
     * The environment of this JVM, with the libraries that {@link #locate} finds.
     *
     * @throws IOException if they cannot be found, or this machine does not load them
     */
    public static OrtEnvironment environment() throws IOException {
        if (System.getProperty(UNPACKED) == null) {
            System.setProperty(UNPACKED, locate().toString());
        }
        try {
            return OrtEnvironment.getEnvironment();
        } catch (LinkageError e) {
            String reason = reason(e);
            throw new IOException(
                    "ONNX Runtime's native library in " + System.getProperty(UNPACKED) + " does not load here: "
                            + reason
                            + (reason.contains(OTHER_LOADER)
                                    ? ". Put its jar once where all that runs in this process has it; in Flink, that is"
                                            + " lib/, and not the jar of a job."
                                    : ". It needs 64-bit Linux with glibc; musl (Alpine) does not do."),
                    e);
        }
    }

    private static Set<Path> roots() {
        Set<Path> roots = new LinkedHashSet<>();
        @Nullable String named = System.getProperty(PROPERTY, System.getenv(VARIABLE));
        if (named != null && !named.isBlank()) {
            roots.add(Path.of(named));
            return roots;
        }
        @Nullable String cache = System.getenv("XDG_CACHE_HOME");
        String user = System.getProperty("user.name", "user").replaceAll("[^A-Za-z0-9._-]", "_");
        roots.add(
                cache != null && Path.of(cache).isAbsolute()
                        ? Path.of(cache, "koine")
                        : Path.of(System.getProperty("user.home", "/"), ".cache", "koine"));
        roots.add(Path.of(System.getProperty("java.io.tmpdir", "/tmp"), "koine-" + user));
        @Nullable String home = System.getProperty("koine.home");
        if (home != null) {
            roots.add(Path.of(home, "cli", "target", "native"));
        }
        return roots;
    }

    private static String reason(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    }
}
