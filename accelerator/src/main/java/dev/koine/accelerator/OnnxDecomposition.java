package dev.koine.accelerator;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.providers.OrtCUDAProviderOptions;
import dev.koine.engine.linalg.Decomposition;
import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.linalg.LowRank;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The truncated SVD by one run of the {@link LanczosGraph} a matrix, on ONNX Runtime's CUDA or CPU provider; the small eigenproblem
 * behind it is solved here, in double.
 *
 * <p>The number of steps is fixed by the rank. A matrix that needs more of them (repeated singular values, an exceptionally flat
 * spectrum), one that is small, and one of full rank go to {@link Lanczos}, so that the result is as good as its own: within
 * 1e-5 of the matrix's norm. It is not the same to the bit: sums have another order on each device.
 *
 * <p>Safe for several threads. Each holds off-heap memory for one copy of its matrix, kept for the next one.
 */
public final class OnnxDecomposition implements Decomposition, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OnnxDecomposition.class);
    private static final int PROBE_STEPS = 4;
    private static final int TRIAL_RANK = 7;

    private final SessionOptions options;
    private final boolean cuda;
    private final Map<GraphKey, OrtSession> sessions = new HashMap<>();
    private final ScaledCopies copies = new ScaledCopies();

    private record GraphKey(int steps, boolean tall) {}

    private OnnxDecomposition(SessionOptions options, boolean cuda) {
        this.options = options;
        this.cuda = cuda;
    }

    /**
     * Opens ONNX Runtime's CPU provider.
     *
     * @throws IOException if ONNX Runtime does not work here
     */
    public static OnnxDecomposition onCpu() throws IOException {
        return open(false);
    }

    /**
     * Opens ONNX Runtime's CUDA provider, with float32 products in full precision.
     *
     * @throws IOException if there is no CUDA device, its libraries or ONNX Runtime's CUDA build are missing, or it computes wrongly
     */
    public static OnnxDecomposition onCuda() throws IOException {
        return open(true);
    }

    private static OnnxDecomposition open(boolean cuda) throws IOException {
        OnnxDecomposition opened = new OnnxDecomposition(options(cuda), cuda);
        try {
            opened.tryOut();
            return opened;
        } catch (IOException | RuntimeException e) {
            opened.close();
            throw e;
        }
    }

    private static SessionOptions options(boolean cuda) throws IOException {
        try {
            // Its logger has to be there when the CUDA provider is loaded.
            OrtEnvironment.getEnvironment();
            SessionOptions options = new SessionOptions();
            try {
                configure(options, cuda);
                return options;
            } catch (OrtException e) {
                options.close();
                throw e;
            }
        } catch (OrtException | LinkageError e) {
            throw trouble(cuda, e);
        }
    }

    private static void configure(SessionOptions options, boolean cuda) throws OrtException {
        options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
        options.setIntraOpNumThreads(1);
        options.addConfigEntry("session.intra_op.allow_spinning", "0");
        options.addConfigEntry("session.set_denormal_as_zero", "1");
        if (cuda) {
            try (OrtCUDAProviderOptions settings = new OrtCUDAProviderOptions()) {
                settings.add("use_tf32", "0");
                options.addCUDA(settings);
            }
        }
    }

    /** One run on a small matrix, so that trouble shows before any work is begun. */
    private void tryOut() throws IOException {
        int rows = 128;
        int columns = 96;
        float[] a = new float[rows * columns];
        Random random = new Random(1);
        for (int i = 0; i < a.length; i++) {
            a[i] = (float) random.nextGaussian() / rows;
        }
        double departure = run(a, rows, columns, 1, steps(TRIAL_RANK)).departure();
        if (!(departure < 1e-4)) {
            throw new IOException("ONNX Runtime computes wrongly on " + name(cuda) + ": the basis of a trial matrix is "
                    + departure + " off. Update the driver and its libraries, or decompose on the CPU.");
        }
    }

    @Override
    public LowRank truncate(float[] a, int rows, int columns, int rank) throws IOException {
        int steps = steps(rank);
        boolean small = Math.min(rows, columns) < 2 * (steps + PROBE_STEPS);
        boolean huge = a.length > Integer.MAX_VALUE / Float.BYTES;
        double norm = ScaledCopies.norm(a);
        if (rank <= 0 || small || huge || (long) rows * columns != a.length || norm == 0 || !Double.isFinite(norm)) {
            return Lanczos.truncate(a, rows, columns, rank);
        }
        Optional<LowRank> low = byGraph(a, rows, columns, rank, norm);
        if (low.isEmpty()) {
            LOG.debug("{} steps were too few for a matrix of {} x {}: it is decomposed in Java.", steps, rows, columns);
            return Lanczos.truncate(a, rows, columns, rank);
        }
        return low.get();
    }

    /** By one run of the graph; nothing if that does not do. */
    Optional<LowRank> byGraph(float[] a, int rows, int columns, int rank, double norm) throws IOException {
        int exponent = Math.getExponent(norm);
        return run(a, rows, columns, Math.scalb(1.0, -exponent), steps(rank))
                .leading(rank)
                .map(ritz -> ritz.factors(rank, rows <= columns, exponent));
    }

    /** As many as the adaptive iteration takes for ordinary deltas, and some. */
    private static int steps(int rank) {
        return 3 * rank + 11;
    }

    private Krylov run(float[] a, int rows, int columns, double scale, int steps) throws IOException {
        boolean tall = rows > columns;
        int n = Math.min(rows, columns);
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        Random random = new Random(0x6b6f696e65L);
        FloatBuffer matrix = copies.borrow(a, scale);
        try (OnnxTensor d = OnnxTensor.createTensor(environment, matrix, new long[] {rows, columns});
                OnnxTensor start = OnnxTensor.createTensor(environment, unit(n, random), new long[] {1, n});
                OnnxTensor probe = OnnxTensor.createTensor(environment, unit(n, random), new long[] {1, n});
                OrtSession.Result result = session(new GraphKey(steps, tall))
                        .run(Map.of(LanczosGraph.MATRIX, d, LanczosGraph.START, start, LanczosGraph.PROBE, probe))) {
            int size = steps + PROBE_STEPS;
            return Krylov.ofRows(
                    steps,
                    rows(result, LanczosGraph.BASIS, size, n),
                    rows(result, LanczosGraph.IMAGES, size, Math.max(rows, columns)),
                    rows(result, LanczosGraph.NORMS, 1, size)[0]);
        } catch (OrtException e) {
            throw trouble(cuda, e);
        } finally {
            copies.giveBack(matrix);
        }
    }

    private synchronized OrtSession session(GraphKey key) throws OrtException {
        OrtSession session = sessions.get(key);
        if (session == null) {
            byte[] model = LanczosGraph.build(key.steps, PROBE_STEPS, key.tall);
            session = OrtEnvironment.getEnvironment().createSession(model, options);
            sessions.put(key, session);
        }
        return session;
    }

    private static FloatBuffer unit(int n, Random random) {
        double[] v = random.doubles(n, -1, 1).toArray();
        double sum = 0;
        for (double x : v) {
            sum += x * x;
        }
        FloatBuffer unit = ScaledCopies.direct(n);
        for (double x : v) {
            unit.put((float) (x / Math.sqrt(sum)));
        }
        return unit.flip();
    }

    private static double[][] rows(OrtSession.Result result, String name, int count, int length) {
        FloatBuffer values = ((OnnxTensor) result.get(name).orElseThrow()).getFloatBuffer();
        double[][] rows = new double[count][length];
        for (double[] row : rows) {
            for (int j = 0; j < length; j++) {
                row[j] = values.get();
            }
        }
        return rows;
    }

    private static String name(boolean cuda) {
        return cuda ? "CUDA" : "the CPU";
    }

    private static IOException trouble(boolean cuda, Throwable cause) {
        String advice = cuda
                ? "Check that this is a build with -Pcuda, that a GPU is visible with memory left, and that CUDA 12 and cuDNN 9 are"
                        + " installed; or decompose on the CPU."
                : "Decompose in Java instead.";
        String reason = String.valueOf(cause.getMessage()).strip();
        return new IOException("ONNX Runtime fails on " + name(cuda) + ": " + reason + ". " + advice, cause);
    }

    /** Frees everything; no call may be running or come later. */
    @Override
    public synchronized void close() {
        for (OrtSession session : sessions.values()) {
            try {
                session.close();
            } catch (OrtException e) {
                LOG.warn("A session did not close; its memory may not be freed.", e);
            }
        }
        sessions.clear();
        options.close();
    }
}
