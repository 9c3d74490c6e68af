package dev.koine.speech.quarantine;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Finite inputs of a session, made from what it says of their types and shapes: floating-point numbers between bounds, the same ones every
 * time, ones for integers, one answer for all booleans.
 *
 * @param free the size of dimensions that the model leaves open; those named after a batch are 1
 * @param lowest number, inclusive
 * @param shapes of inputs that are known, by name
 * @param truth what booleans are
 */
record FiniteInput(int free, float lowest, Map<String, List<Long>> shapes, boolean truth) {
    private static final long MOST_NUMBERS = 1 << 24;
    private static final long SEED = 20250217;
    private static final short HALF_ONE = 0x3c00;
    private static final short BFLOAT16_ONE = 0x3f80;

    /**
     * Makes the inputs, to be closed by the caller also after an exception.
     *
     * @throws OrtException if ONNX Runtime fails
     * @throws IllegalArgumentException if one cannot be made
     */
    void fill(OrtSession session, Map<String, OnnxTensor> inputs) throws OrtException {
        for (Map.Entry<String, NodeInfo> entry : session.getInputInfo().entrySet()) {
            if (!(entry.getValue().getInfo() instanceof TensorInfo info)) {
                throw new IllegalArgumentException("Input '" + entry.getKey() + "' is no tensor.");
            }
            inputs.put(entry.getKey(), tensor(info, shape(entry.getKey(), info)));
        }
    }

    /** Whether a session takes booleans. */
    static boolean hasBooleans(OrtSession session) throws OrtException {
        return session.getInputInfo().values().stream()
                .anyMatch(input -> input.getInfo() instanceof TensorInfo info && info.type == OnnxJavaType.BOOL);
    }

    /** An empty map for {@link #fill}. */
    static Map<String, OnnxTensor> inputs() {
        return new LinkedHashMap<>();
    }

    private long[] shape(String name, TensorInfo info) {
        @Nullable List<Long> known = shapes.get(name);
        if (known != null) {
            return known.stream().mapToLong(Long::longValue).toArray();
        }
        long[] shape = info.getShape().clone();
        String[] names = info.getDimensionNames();
        for (int i = 0; i < shape.length; i++) {
            if (shape[i] < 0) {
                boolean isBatch = names[i].toLowerCase(Locale.ROOT).startsWith("batch");
                shape[i] = isBatch ? 1 : free;
            }
        }
        return shape;
    }

    private OnnxTensor tensor(TensorInfo info, long[] shape) throws OrtException {
        long numbers = Arrays.stream(shape).reduce(1, Math::multiplyExact);
        if (numbers > MOST_NUMBERS) {
            throw new IllegalArgumentException("An input would have " + numbers + " numbers.");
        }
        int n = (int) numbers;
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        OnnxJavaType type = info.type;
        return switch (type) {
            case FLOAT -> OnnxTensor.createTensor(environment, FloatBuffer.wrap(floats(n)), shape);
            case DOUBLE -> OnnxTensor.createTensor(environment, DoubleBuffer.wrap(doubles(n)), shape);
            case FLOAT16 -> halves(environment, n, HALF_ONE, shape, type);
            case BFLOAT16 -> halves(environment, n, BFLOAT16_ONE, shape, type);
            case INT64 -> {
                long[] ones = new long[n];
                Arrays.fill(ones, 1);
                yield OnnxTensor.createTensor(environment, LongBuffer.wrap(ones), shape);
            }
            case INT32 -> {
                int[] ones = new int[n];
                Arrays.fill(ones, 1);
                yield OnnxTensor.createTensor(environment, IntBuffer.wrap(ones), shape);
            }
            case INT16 -> OnnxTensor.createTensor(environment, shorts(n, (short) 1), shape);
            case INT8, UINT8, BOOL -> {
                byte one = (byte) (type == OnnxJavaType.BOOL && !truth ? 0 : 1);
                ByteBuffer ones = ByteBuffer.allocateDirect(n);
                for (int i = 0; i < n; i++) {
                    ones.put(i, one);
                }
                yield OnnxTensor.createTensor(environment, ones, shape, type);
            }
            default -> throw new IllegalArgumentException("An input is of type " + type + ".");
        };
    }

    private float[] floats(int n) {
        SplittableRandom random = new SplittableRandom(SEED);
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) (lowest + (1 - lowest) * random.nextDouble());
        }
        return values;
    }

    private double[] doubles(int n) {
        float[] floats = floats(n);
        double[] values = new double[n];
        for (int i = 0; i < n; i++) {
            values[i] = floats[i];
        }
        return values;
    }

    /** Plus or minus one, where that is between the bounds. */
    private OnnxTensor halves(OrtEnvironment environment, int n, short one, long[] shape, OnnxJavaType type)
            throws OrtException {
        float[] floats = floats(n);
        ShortBuffer values = shorts(n, one);
        for (int i = 0; i < n; i++) {
            if (floats[i] < 0) {
                values.put(i, (short) (one | 0x8000));
            }
        }
        return OnnxTensor.createTensor(environment, values, shape, type);
    }

    private static ShortBuffer shorts(int n, short value) {
        short[] values = new short[n];
        Arrays.fill(values, value);
        return ShortBuffer.wrap(values);
    }
}
