package dev.koine.subscriber.speech;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtSession;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.BitSet;

/** The first output of a model for a batch of one: [1, steps, vocabulary]. */
final class Logits {
    private final FloatBuffer values;
    private final int steps;
    private final int vocabulary;

    private Logits(FloatBuffer values, int steps, int vocabulary) {
        this.values = values;
        this.steps = steps;
        this.vocabulary = vocabulary;
    }

    static Logits of(OrtSession.Result result) {
        if (!(result.get(0) instanceof OnnxTensor tensor)) {
            throw new IllegalStateException("The model's first output is no tensor. Export it with the logits first.");
        }
        long[] shape = tensor.getInfo().getShape();
        FloatBuffer values = tensor.getFloatBuffer();
        if (values == null || shape.length != 3 || shape[0] != 1) {
            throw new IllegalStateException("The model's first output has the shape " + Arrays.toString(shape)
                    + " where float logits of [1, steps, vocabulary] are needed. Export it with the logits first.");
        }
        return new Logits(values, (int) shape[1], (int) shape[2]);
    }

    int steps() {
        return steps;
    }

    /**
     * The likeliest token of a step, the lowest of equals.
     *
     * @throws IllegalStateException if a logit is NaN
     */
    int best(int step, BitSet suppressed) {
        int best = -1;
        float highest = Float.NEGATIVE_INFINITY;
        for (int token = 0; token < vocabulary; token++) {
            float logit = values.get(step * vocabulary + token);
            if (Float.isNaN(logit)) {
                throw new IllegalStateException(
                        "The model answers NaN. Its weights are damaged or overflow their element type.");
            }
            if ((best < 0 || logit > highest) && !suppressed.get(token)) {
                best = token;
                highest = logit;
            }
        }
        return best;
    }
}
