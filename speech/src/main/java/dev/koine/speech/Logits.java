package dev.koine.speech;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtSession;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.BitSet;

/** The first output of a model for a batch of one: [1, steps, vocabulary]. */
final class Logits {
    private static final BitSet NONE_SUPPRESSED = new BitSet();

    private final FloatBuffer values;
    private final int steps;
    private final int vocabulary;

    Logits(FloatBuffer values, int steps, int vocabulary) {
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

    int vocabulary() {
        return vocabulary;
    }

    /**
     * The likeliest token of a step, the lowest of equals.
     *
     * @throws IllegalStateException if a logit is NaN or positive infinity, or no token may be chosen
     */
    int best(int step, BitSet suppressed) {
        int best = -1;
        float highest = Float.NEGATIVE_INFINITY;
        int row = step * vocabulary;
        for (int token = 0; token < vocabulary; token++) {
            float logit = values.get(row + token);
            if (!(logit < Float.POSITIVE_INFINITY)) {
                throw notFinite(logit);
            }
            if ((best < 0 || logit > highest) && !suppressed.get(token)) {
                best = token;
                highest = logit;
            }
        }
        if (best < 0) {
            throw new IllegalStateException("The model may choose none of its " + vocabulary + " tokens.");
        }
        return best;
    }

    /** The logit of a token. */
    double at(int step, int token) {
        return values.get(step * vocabulary + token);
    }

    /**
     * The logarithm of the sum of the exponentials of a step's logits: a logit less it is the token's log-probability.
     *
     * @throws IllegalStateException if a logit is NaN or positive infinity, or all are negative infinity
     */
    double normalizer(int step) {
        float highest = values.get(step * vocabulary + best(step, NONE_SUPPRESSED));
        if (highest == Float.NEGATIVE_INFINITY) {
            throw notFinite(highest);
        }
        double sum = 0;
        for (int token = 0; token < vocabulary; token++) {
            sum += Math.exp(at(step, token) - highest);
        }
        return highest + Math.log(sum);
    }

    /**
     * The loss of one token.
     *
     * @throws IllegalStateException as {@link #normalizer}, or if the logits have no such token or step
     */
    Loss loss(int step, int token) {
        require(step, token);
        return new Loss(normalizer(step) - at(step, token), 1);
    }

    /**
     * Checks that there is such a logit.
     *
     * @throws IllegalStateException if there is none
     */
    void require(int step, int token) {
        if (token >= vocabulary || step >= steps) {
            throw new IllegalStateException("The model answers [1, " + steps + ", " + vocabulary
                    + "] logits, which have no token " + token + " at step " + step + ".");
        }
    }

    private static IllegalStateException notFinite(float logit) {
        return new IllegalStateException("The model answers " + (Float.isNaN(logit) ? "NaN" : "infinity")
                + ". Its weights are damaged or overflow their element type.");
    }
}
