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
import java.util.Optional;

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
    public EncodedSpeech encode(Features features) throws OrtException {
        float[] window = window(features);
        try (OnnxTensor input = OnnxSessions.floats(window, 1, config.mels(), config.frames())) {
            OrtSession.Result result = sessions.run(ENCODER, Map.of("input_features", input));
            try {
                return new Encoded(result, tensor(result.get(0)));
            } catch (RuntimeException e) {
                result.close();
                throw e;
            }
        }
    }

    private final class Encoded implements EncodedSpeech {
        private final OrtSession.Result result;
        private final OnnxTensor hidden;

        Encoded(OrtSession.Result result, OnnxTensor hidden) {
            this.result = result;
            this.hidden = hidden;
        }

        @Override
        public String transcribe(String language, Task task) throws OrtException {
            List<Integer> tokens = new ArrayList<>(config.prompt(language, task));
            int prompt = tokens.size();
            while (tokens.size() < config.maxLength()) {
                int next = next(tokens, tokens.size() == prompt);
                if (config.ends().get(next)) {
                    break;
                }
                tokens.add(next);
            }
            return vocabulary.bytes(tokens.subList(prompt, tokens.size()));
        }

        @Override
        public Loss loss(String language, Task task, String reference) throws OrtException {
            List<Integer> tokens = new ArrayList<>(config.prompt(language, task));
            int prompt = tokens.size();
            Optional<List<Integer>> text = vocabulary.byteTokens(reference);
            if (text.isEmpty() || prompt + text.get().size() > config.maxLength()) {
                return Loss.NONE;
            }
            tokens.addAll(text.get());
            try (OnnxTensor input = ids(tokens);
                    OrtSession.Result decoded = run(input)) {
                Logits logits = Logits.of(decoded);
                Loss loss = Loss.NONE;
                for (int step = prompt - 1; step < tokens.size(); step++) {
                    int expected = step + 1 < tokens.size() ? tokens.get(step + 1) : config.end();
                    loss = loss.plus(logits.loss(step, expected));
                }
                return loss;
            }
        }

        @Override
        public void close() {
            result.close();
        }

        private int next(List<Integer> tokens, boolean first) throws OrtException {
            try (OnnxTensor input = ids(tokens);
                    OrtSession.Result decoded = run(input)) {
                Logits logits = Logits.of(decoded);
                return logits.best(logits.steps() - 1, first ? config.suppressedFirst() : config.suppressed());
            }
        }

        private OrtSession.Result run(OnnxTensor input) throws OrtException {
            return sessions.run(DECODER, Map.of("input_ids", input, "encoder_hidden_states", hidden));
        }
    }

    private static OnnxTensor ids(List<Integer> tokens) throws OrtException {
        long[] ids = tokens.stream().mapToLong(Integer::longValue).toArray();
        return OnnxSessions.longs(ids, 1, ids.length);
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
