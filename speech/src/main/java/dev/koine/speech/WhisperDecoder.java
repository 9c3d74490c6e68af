package dev.koine.speech;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.koine.engine.RejectedException;
import dev.koine.speech.onnx.OnnxSessions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Whisper's encoder and decoder, greedily; with a key-value cache where the bundle has a decoder that takes one. */
final class WhisperDecoder implements Decoder {
    static final String ENCODER = "encoder_model";
    static final String DECODER = "decoder_model";
    static final String DECODER_WITH_PAST = "decoder_with_past_model";
    static final String INPUT_IDS = "input_ids";
    static final String ENCODER_HIDDEN_STATES = "encoder_hidden_states";

    private final OnnxSessions sessions;
    private final WhisperConfig config;
    private final Vocabulary vocabulary;

    private WhisperDecoder(OnnxSessions sessions, WhisperConfig config, Vocabulary vocabulary) {
        this.sessions = sessions;
        this.config = config;
        this.vocabulary = vocabulary;
    }

    /** The files of a bundle that are used, without {@code .onnx}. */
    static List<String> files(Path directory) {
        boolean isCached = Files.exists(directory.resolve(DECODER_WITH_PAST + ".onnx"));
        return isCached ? List.of(ENCODER, DECODER, DECODER_WITH_PAST) : List.of(ENCODER, DECODER);
    }

    /**
     * A decoder on open files.
     *
     * @throws RejectedException NOT_LOADABLE if they do not fit together
     */
    static WhisperDecoder on(OnnxSessions sessions, WhisperConfig config, Vocabulary vocabulary)
            throws RejectedException {
        if (sessions.names().contains(DECODER_WITH_PAST)) {
            CachedSteps.require(sessions);
        }
        return new WhisperDecoder(sessions, config, vocabulary);
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
            try (DecoderSteps steps = steps()) {
                while (tokens.size() < config.maxLength()) {
                    Logits logits = steps.after(tokens);
                    boolean isFirst = tokens.size() == prompt;
                    int next =
                            logits.best(logits.steps() - 1, isFirst ? config.suppressedFirst() : config.suppressed());
                    if (config.ends().get(next)) {
                        break;
                    }
                    tokens.add(next);
                }
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
            try (DecoderSteps steps = new UncachedSteps(sessions, hidden)) {
                Logits logits = steps.after(tokens);
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

        private DecoderSteps steps() {
            boolean isCached = sessions.names().contains(DECODER_WITH_PAST);
            return isCached ? new CachedSteps(sessions, hidden) : new UncachedSteps(sessions, hidden);
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
