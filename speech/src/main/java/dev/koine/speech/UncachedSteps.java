package dev.koine.speech;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Runs the decoder over all tokens each time, so that the cost of a text grows with the square of its length. */
final class UncachedSteps implements DecoderSteps {
    private final DecoderGraph whole;
    private final OnnxTensor hidden;
    private OrtSession.@Nullable Result last;

    UncachedSteps(DecoderGraph whole, OnnxTensor hidden) {
        this.whole = whole;
        this.hidden = hidden;
    }

    @Override
    public Logits after(List<Integer> tokens) throws OrtException {
        close();
        OrtSession.Result result = whole.run(tokens, 0, hidden, null);
        last = result;
        return Logits.of(result);
    }

    @Override
    public void close() {
        if (last != null) {
            last.close();
            last = null;
        }
    }
}
