package dev.koine.speech;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.koine.speech.onnx.OnnxSessions;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Connectionist temporal classification, greedily: the best token of every step, repeats merged, blanks dropped. */
final class CtcDecoder implements Decoder {
    static final String MODEL = "model";
    private static final BitSet NONE = new BitSet();

    private final OnnxSessions sessions;
    private final CtcConfig config;
    private final Vocabulary vocabulary;

    CtcDecoder(OnnxSessions sessions, CtcConfig config, Vocabulary vocabulary) {
        this.sessions = sessions;
        this.config = config;
        this.vocabulary = vocabulary;
    }

    @Override
    public EncodedSpeech encode(Features features) throws OrtException {
        if (features.columns() != config.mels()) {
            throw new IllegalArgumentException("The features are " + features.rows() + " by " + features.columns()
                    + " but this model takes [frames, " + config.mels() + "].");
        }
        String input = sessions.session(MODEL).getInputNames().iterator().next();
        try (OnnxTensor tensor = OnnxSessions.floats(features.values(), 1, features.rows(), features.columns());
                OrtSession.Result result = sessions.run(MODEL, Map.of(input, tensor))) {
            return new Encoded(Logits.of(result));
        }
    }

    private final class Encoded implements EncodedSpeech {
        private final Logits logits;

        Encoded(Logits logits) {
            this.logits = logits;
        }

        @Override
        public String transcribe(String language, Task task) {
            requireTranscribe(task);
            List<Integer> tokens = new ArrayList<>();
            int previous = config.blank();
            for (int step = 0; step < logits.steps(); step++) {
                int token = logits.best(step, NONE);
                if (token != previous && token != config.blank()) {
                    tokens.add(token);
                }
                previous = token;
            }
            return vocabulary.characters(tokens, config.wordDelimiter());
        }

        @Override
        public Loss loss(String language, Task task, String reference) {
            requireTranscribe(task);
            Optional<List<Integer>> tokens = vocabulary.characterTokens(reference, config.wordDelimiter());
            return tokens.isEmpty() ? Loss.NONE : CtcLoss.of(logits, tokens.get(), config.blank());
        }

        @Override
        public void close() {}
    }

    private static void requireTranscribe(Task task) {
        if (task != Task.TRANSCRIBE) {
            throw new IllegalArgumentException("A CTC model can only transcribe. Ask a Whisper model to translate.");
        }
    }
}
