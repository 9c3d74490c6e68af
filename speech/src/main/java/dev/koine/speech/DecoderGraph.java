package dev.koine.speech;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.koine.speech.onnx.OnnxSessions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** Runs one decoder file: makes what it takes of tokens, of the encoder's states and of a cache. */
final class DecoderGraph {
    private final OnnxSessions sessions;
    private final String file;

    DecoderGraph(OnnxSessions sessions, String file) {
        this.sessions = sessions;
        this.file = file;
    }

    /** What it takes, and which of that is to be closed. */
    record Inputs(Map<String, OnnxTensor> all, Collection<OnnxTensor> own) implements AutoCloseable {
        @Override
        public void close() {
            own.forEach(OnnxTensor::close);
        }
    }

    /** Runs it on {@link #inputs}; the caller closes the result. */
    OrtSession.Result run(List<Integer> tokens, int before, OnnxTensor hidden, @Nullable Map<String, OnnxTensor> cache)
            throws OrtException {
        try (Inputs inputs = inputs(tokens, before, hidden, cache)) {
            return sessions.run(file, inputs.all());
        }
    }

    /**
     * Makes what it takes.
     *
     * @param tokens that are new
     * @param before the number of tokens in the cache
     * @param cache keys and values of those, by the output that gave them; null for none: a file that takes them all the same gets one
     *     position of zeros, which it does not read
     */
    Inputs inputs(List<Integer> tokens, int before, OnnxTensor hidden, @Nullable Map<String, OnnxTensor> cache)
            throws OrtException {
        Map<String, OnnxTensor> own = new HashMap<>();
        try {
            Map<String, OnnxTensor> given = new HashMap<>();
            for (Map.Entry<String, NodeInfo> input :
                    sessions.session(file).getInputInfo().entrySet()) {
                String name = input.getKey();
                if (name.equals(DecoderFiles.ENCODER_HIDDEN_STATES)) {
                    given.put(name, hidden);
                } else if (cache != null && name.startsWith(DecoderFiles.PAST)) {
                    given.put(name, cache.get(DecoderFiles.present(name)));
                } else {
                    make(name, input.getValue(), tokens, before, cache != null).ifPresent(made -> own.put(name, made));
                }
            }
            given.putAll(own);
            return new Inputs(given, own.values());
        } catch (OrtException | RuntimeException e) {
            own.values().forEach(OnnxTensor::close);
            throw e;
        }
    }

    /** Empty for an input that is not known here: ONNX Runtime says then what is missing. */
    private static Optional<OnnxTensor> make(
            String name, NodeInfo input, List<Integer> tokens, int before, boolean isCached) throws OrtException {
        int count = tokens.size();
        return switch (name) {
            case DecoderFiles.INPUT_IDS ->
                Optional.of(OnnxSessions.longs(
                        tokens.stream().mapToLong(Integer::longValue).toArray(), 1, count));
            case DecoderFiles.USE_CACHE_BRANCH ->
                Optional.of(OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), new boolean[] {isCached}));
            case DecoderFiles.CACHE_POSITION ->
                Optional.of(OnnxSessions.longs(
                        LongStream.range(before, before + (long) count).toArray(), count));
            default ->
                name.startsWith(DecoderFiles.PAST) && input.getInfo() instanceof TensorInfo tensor
                        ? Optional.of(zeros(tensor))
                        : Optional.empty();
        };
    }

    /** One batch, one position. */
    private static OnnxTensor zeros(TensorInfo past) throws OrtException {
        long[] shape =
                Arrays.stream(past.getShape()).map(size -> size < 0 ? 1 : size).toArray();
        int width = past.type == OnnxJavaType.FLOAT ? Float.BYTES : Short.BYTES;
        int bytes = Math.toIntExact(Arrays.stream(shape).reduce(width, Math::multiplyExact));
        ByteBuffer zeros = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
        return OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), zeros, shape, past.type);
    }
}
