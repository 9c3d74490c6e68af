package dev.koine.speech.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import dev.koine.engine.Device;
import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ONNX Runtime sessions of one bundle, by file name without {@code .onnx}. Calls may run concurrently, but none may be running
 * or come later when it is closed.
 */
public final class OnnxSessions implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OnnxSessions.class);
    private static final String SUFFIX = ".onnx";

    private final Map<String, OrtSession> sessions = new TreeMap<>();

    private OnnxSessions() {}

    /**
     * Opens every ONNX file under a directory; those in subdirectories are named by their path.
     *
     * @throws RejectedException NOT_LOADABLE if ONNX Runtime refuses one, MISSING_FILE if there is none
     * @throws IOException if the directory cannot be read
     */
    public static OnnxSessions open(Path directory, OnnxOptions options) throws IOException, RejectedException {
        return open(directory, options, Progress.NONE);
    }

    /** As {@link #open(Path, OnnxOptions)}; {@code progress} hears of each file before it is opened. */
    public static OnnxSessions open(Path directory, OnnxOptions options, Progress progress)
            throws IOException, RejectedException {
        return open(directory, files(directory), options, progress);
    }

    private static List<String> files(Path directory) throws IOException {
        try (Stream<Path> tree = Files.walk(directory)) {
            return tree.filter(Files::isRegularFile)
                    .map(file -> directory.relativize(file).toString().replace('\\', '/'))
                    .filter(name -> name.endsWith(SUFFIX))
                    .map(name -> name.substring(0, name.length() - SUFFIX.length()))
                    .toList();
        }
    }

    /**
     * Opens the named ONNX files of a directory.
     *
     * @param names without {@code .onnx}
     * @throws RejectedException NOT_LOADABLE if ONNX Runtime refuses one, MISSING_FILE if one is not there
     * @throws IOException if ONNX Runtime itself does not load here
     */
    public static OnnxSessions open(Path directory, Collection<String> names, OnnxOptions options)
            throws RejectedException, IOException {
        return open(directory, names, options, Progress.NONE);
    }

    private static OnnxSessions open(Path directory, Collection<String> names, OnnxOptions options, Progress progress)
            throws RejectedException, IOException {
        if (names.isEmpty()) {
            throw new RejectedException(RejectionCode.MISSING_FILE, "There is no .onnx file in " + directory + ".");
        }
        OnnxSessions opened = new OnnxSessions();
        // Its logger has to be there when the CUDA provider is loaded.
        NativeRuntime.environment();
        try (OrtSession.SessionOptions settings = new OrtSession.SessionOptions()) {
            String provider = configure(settings, options);
            for (String name : names) {
                progress.report("loading " + name + SUFFIX, opened.sessions.size(), names.size());
                opened.add(directory, name, settings);
            }
            LOG.info("Opened {} of {} on {}.", opened.names(), directory, provider);
            return opened;
        } catch (OrtException e) {
            opened.close();
            throw notLoadable("ONNX Runtime cannot be set up as asked (" + options + "): " + e.getMessage(), e);
        } catch (RejectedException | RuntimeException e) {
            opened.close();
            throw e;
        }
    }

    /** The names of the open files. */
    public Set<String> names() {
        return Collections.unmodifiableSet(sessions.keySet());
    }

    /**
     * Checks that a file is open.
     *
     * @param name without {@code .onnx}
     * @throws RejectedException MISSING_FILE if it is not
     */
    public void require(String name) throws RejectedException {
        if (!sessions.containsKey(name)) {
            throw missing(name);
        }
    }

    /**
     * One session, to look at its inputs and outputs.
     *
     * @throws IllegalArgumentException if there is none of this name
     */
    public OrtSession session(String name) {
        OrtSession session = sessions.get(name);
        if (session == null) {
            throw new IllegalArgumentException("There is no session '" + name + "' among " + names() + ".");
        }
        return session;
    }

    /** Runs one file. The caller closes inputs and result. */
    public OrtSession.Result run(String name, Map<String, ? extends OnnxTensorLike> inputs) throws OrtException {
        return session(name).run(inputs);
    }

    /** A float32 tensor of these values; to be closed. */
    public static OnnxTensor floats(float[] values, long... shape) throws OrtException {
        return OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), FloatBuffer.wrap(values), shape);
    }

    /** An int64 tensor of these values; to be closed. */
    public static OnnxTensor longs(long[] values, long... shape) throws OrtException {
        return OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), LongBuffer.wrap(values), shape);
    }

    @Override
    public void close() {
        for (Map.Entry<String, OrtSession> entry : sessions.entrySet()) {
            try {
                entry.getValue().close();
            } catch (OrtException e) {
                LOG.warn("The session {} did not close; its memory may not be freed.", entry.getKey(), e);
            }
        }
        sessions.clear();
    }

    private void add(Path directory, String name, OrtSession.SessionOptions settings) throws RejectedException {
        Path file = directory.resolve(name + SUFFIX);
        if (!Files.isRegularFile(file)) {
            throw missing(name);
        }
        try {
            sessions.put(name, OrtEnvironment.getEnvironment().createSession(file.toString(), settings));
        } catch (OrtException e) {
            throw notLoadable(
                    "ONNX Runtime does not load " + file.getFileName() + ": " + e.getMessage() + ". " + wayOut(e), e);
        }
    }

    private static String wayOut(OrtException e) {
        boolean hasNoKernel = String.valueOf(e.getMessage()).contains("Could not find an implementation for");
        return hasNoKernel
                ? "It knows the operator, but not for these element types, such as bfloat16 on a CPU: export the model in float32."
                : "Export the model again for an operator set that this runtime knows.";
    }

    private static String configure(OrtSession.SessionOptions settings, OnnxOptions options) throws OrtException {
        settings.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
        settings.setIntraOpNumThreads(options.intraOpThreads());
        settings.addConfigEntry("session.intra_op.allow_spinning", "0");
        if (options.device() == Device.CPU) {
            return "the CPU";
        }
        try {
            settings.addCUDA();
            return "CUDA";
        } catch (OrtException e) {
            if (options.device() == Device.CUDA) {
                throw e;
            }
            LOG.debug("No CUDA here.", e);
            return "the CPU, for want of CUDA";
        }
    }

    private static RejectedException missing(String name) {
        return new RejectedException(
                RejectionCode.MISSING_FILE, "The bundle has no file " + name + SUFFIX + ", which its model needs.");
    }

    private static RejectedException notLoadable(String message, OrtException cause) {
        RejectedException rejected = new RejectedException(RejectionCode.NOT_LOADABLE, message);
        rejected.initCause(cause);
        return rejected;
    }
}
