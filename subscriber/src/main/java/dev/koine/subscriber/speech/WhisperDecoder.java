package dev.koine.subscriber.speech;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.koine.subscriber.onnx.OnnxSessions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Whisper's encoder and decoder, greedily and without a key-value cache: every token runs the decoder over all that came before, so
 * the cost of a text grows with the square of its length.
 */
final class WhisperDecoder implements Decoder {
    static final String ENCODER = "encoder_model";
    static final String DECODER = "decoder_model";

    private final OnnxSessions sessions;
    private final WhisperConfig config;
    private final Vocabulary vocabulary;

    WhisperDecoder(OnnxSessions sessions, WhisperConfig config, Vocabulary vocabulary) {
        this.sessions = sessions;
        this.config = config;
        this.vocabulary = vocabulary;
    }

    @Override
    public String decode(Features features, String language, Task task) throws OrtException {
        List<Integer> tokens = new ArrayList<>(config.prompt(language, task));
        int prompt = tokens.size();
        float[] window = window(features);
        try (OnnxTensor input = OnnxSessions.floats(window, 1, config.mels(), config.frames());
                OrtSession.Result encoded = sessions.run(ENCODER, Map.of("input_features", input))) {
            OnnxTensor hidden = tensor(encoded.get(0));
            while (tokens.size() < config.maxLength()) {
                int next = next(tokens, hidden, tokens.size() == prompt);
                if (config.ends().get(next)) {
                    break;
                }
                tokens.add(next);
            }
        }
        return vocabulary.bytes(tokens.subList(prompt, tokens.size()));
    }

    private int next(List<Integer> tokens, OnnxTensor hidden, boolean first) throws OrtException {
        long[] ids = tokens.stream().mapToLong(Integer::longValue).toArray();
        try (OnnxTensor input = OnnxSessions.longs(ids, 1, ids.length);
                OrtSession.Result result =
                        sessions.run(DECODER, Map.of("input_ids", input, "encoder_hidden_states", hidden))) {
            Logits logits = Logits.of(result);
            return logits.best(logits.steps() - 1, first ? config.suppressedFirst() : config.suppressed());
        }
    }

    private float[] window(Features features) {
        if (features.rows() != config.mels() || features.columns() > config.frames()) {
            throw new IllegalArgumentException("The features are " + features.rows() + " by " + features.columns()
                    + " but this model takes [" + config.mels() + ", up to " + config.frames()
                    + " frames]. Cut longer recordings into pieces.");
        }
        float[] window = new float[config.mels() * config.frames()];
        Arrays.fill(window, Float.isNaN(config.padding()) ? silence(features.values()) : config.padding());
        for (int mel = 0; mel < config.mels(); mel++) {
            System.arraycopy(
                    features.values(), mel * features.columns(), window, mel * config.frames(), features.columns());
        }
        return window;
    }

    /** Whisper's own features are cut off at a floor below the loudest; silence lies on that floor. */
    private static float silence(float[] values) {
        float lowest = Float.POSITIVE_INFINITY;
        for (float value : values) {
            lowest = Math.min(lowest, value);
        }
        return lowest;
    }

    private static OnnxTensor tensor(OnnxValue value) {
        if (value instanceof OnnxTensor tensor) {
            return tensor;
        }
        throw new IllegalStateException(
                "The encoder's first output is no tensor. Export it with last_hidden_state first.");
    }
}
