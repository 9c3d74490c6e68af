package dev.koine.speech;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.koine.engine.RejectedException;
import dev.koine.speech.onnx.OnnxSessions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Whisper's encoder and decoder, greedily; with a key-value cache where the bundle has a decoder that takes one. */
final class WhisperDecoder implements Decoder {
    private final OnnxSessions sessions;
    private final DecoderGraph whole;
    private final @Nullable DecoderGraph step;
    private final WhisperConfig config;
    private final Vocabulary vocabulary;

    private WhisperDecoder(OnnxSessions sessions, DecoderFiles files, WhisperConfig config, Vocabulary vocabulary) {
        this.sessions = sessions;
        this.whole = new DecoderGraph(sessions, files.whole());
        this.step = files.step() == null ? null : new DecoderGraph(sessions, files.step());
        this.config = config;
        this.vocabulary = vocabulary;
    }

    /**
     * A decoder on open files.
     *
     * @throws RejectedException NOT_LOADABLE if they do not fit together
     */
    static WhisperDecoder on(OnnxSessions sessions, DecoderFiles files, WhisperConfig config, Vocabulary vocabulary)
            throws RejectedException {
        files.require(sessions);
        return new WhisperDecoder(sessions, files, config, vocabulary);
    }

    @Override
    public EncodedSpeech encode(Features features) throws OrtException {
        float[] window = config.window(features);
        try (OnnxTensor input = OnnxSessions.floats(window, 1, config.mels(), config.frames())) {
            OrtSession.Result result = sessions.run(DecoderFiles.ENCODER, Map.of("input_features", input));
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
            try (DecoderSteps steps = new UncachedSteps(whole, hidden)) {
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
            return step == null ? new UncachedSteps(whole, hidden) : new CachedSteps(whole, step, hidden);
        }
    }

    /** The encoder's states. */
    static OnnxTensor tensor(OnnxValue value) {
        if (value instanceof OnnxTensor tensor) {
            return tensor;
        }
        throw new IllegalStateException(
                "The encoder's first output is no tensor. Export it with last_hidden_state first.");
    }
}
