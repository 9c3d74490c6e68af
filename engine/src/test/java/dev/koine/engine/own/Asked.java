package dev.koine.engine.own;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import dev.koine.engine.onnx.rewrite.Form;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Asks {@link TestSpeech} with ONNX Runtime, at its default level of optimization. */
final class Asked implements AutoCloseable {
    static final int POSITIONS = 5;

    private final OrtSession session;

    Asked(Path folder) throws Exception {
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            session = OrtEnvironment.getEnvironment()
                    .createSession(folder.resolve("model.onnx").toString(), options);
        }
    }

    /** Logits of utterances whose features are drawn with these seeds: [batch][positions * vocabulary]. */
    float[][] logits(long... seeds) throws Exception {
        return run(null, new long[0], false, seeds);
    }

    float[][] logits(boolean branch, long... seeds) throws Exception {
        return run(null, new long[0], branch, seeds);
    }

    /** The same of a language-aware model; of {@link Form#CALL} all get the first row. */
    float[][] logits(Form form, long[] rows, boolean branch, long... seeds) throws Exception {
        return run(form, rows, branch, seeds);
    }

    private float[][] run(@Nullable Form form, long[] rows, boolean branch, long... seeds) throws Exception {
        int width = TestSpeech.WIDTH;
        float[] features = new float[seeds.length * width * POSITIONS];
        for (int i = 0; i < seeds.length; i++) {
            Random random = new Random(seeds[i]);
            for (int k = 0; k < width * POSITIONS; k++) {
                features[i * width * POSITIONS + k] = (float) random.nextGaussian();
            }
        }
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        Map<String, OnnxTensor> inputs = new HashMap<>();
        inputs.put("features", OnnxTensor.createTensor(environment, FloatBuffer.wrap(features), new long[] {
            seeds.length, width, POSITIONS
        }));
        if (session.getInputNames().contains("use_cache_branch")) {
            inputs.put("use_cache_branch", OnnxTensor.createTensor(environment, new boolean[] {branch}));
        }
        if (form != null) {
            long[] shape = form == Form.CALL ? new long[0] : new long[] {rows.length};
            LongBuffer chosen = LongBuffer.wrap(form == Form.CALL ? new long[] {rows[0]} : rows);
            inputs.put("language", OnnxTensor.createTensor(environment, chosen, shape));
        }
        try (OrtSession.Result result = session.run(inputs)) {
            FloatBuffer all = ((OnnxTensor) result.get(0)).getFloatBuffer();
            float[][] logits = new float[seeds.length][POSITIONS * TestSpeech.VOCABULARY];
            for (float[] one : logits) {
                all.get(one);
            }
            return logits;
        } finally {
            inputs.values().forEach(OnnxTensor::close);
        }
    }

    static float largestDifference(float[][] a, float[][] b) {
        float largest = 0;
        for (int i = 0; i < a.length; i++) {
            for (int k = 0; k < a[i].length; k++) {
                largest = Math.max(largest, Math.abs(a[i][k] - b[i][k]));
            }
        }
        return largest;
    }

    static int[][] bits(float[][] logits) {
        return Arrays.stream(logits)
                .map(one -> {
                    int[] bits = new int[one.length];
                    for (int i = 0; i < bits.length; i++) {
                        bits[i] = Float.floatToRawIntBits(one[i]);
                    }
                    return bits;
                })
                .toArray(int[][]::new);
    }

    @Override
    public void close() throws Exception {
        session.close();
    }
}
