package dev.koine.speech;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.koine.speech.onnx.OnnxSessions;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Runs the decoder over all tokens each time, so that the cost of a text grows with the square of its length. */
final class UncachedSteps implements DecoderSteps {
    private final OnnxSessions sessions;
    private final OnnxTensor hidden;
    private OrtSession.@Nullable Result last;

    UncachedSteps(OnnxSessions sessions, OnnxTensor hidden) {
        this.sessions = sessions;
        this.hidden = hidden;
    }

    @Override
    public Logits after(List<Integer> tokens) throws OrtException {
        close();
        long[] ids = tokens.stream().mapToLong(Integer::longValue).toArray();
        try (OnnxTensor input = OnnxSessions.longs(ids, 1, ids.length)) {
            OrtSession.Result result = sessions.run(
                    WhisperDecoder.DECODER,
                    Map.of(WhisperDecoder.INPUT_IDS, input, WhisperDecoder.ENCODER_HIDDEN_STATES, hidden));
            last = result;
            return Logits.of(result);
        }
    }

    @Override
    public void close() {
        if (last != null) {
            last.close();
            last = null;
        }
    }
}
