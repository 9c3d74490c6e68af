package dev.koine.speech;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Runs the decoder over the prompt and then over one token at a time, with the keys and values of the tokens before it, in the layout of
 * Hugging Face Optimum's exports: the first run gives {@code present.<layer>.<decoder or encoder>.<key or value>}, the others take each as
 * {@code past_key_values.…} and give those of the decoder anew. Those of the encoder stay what the first run gave; a merged decoder puts out
 * stand-ins for them later.
 */
final class CachedSteps implements DecoderSteps {
    private static final String OF_THE_ENCODER = ".encoder.";

    private final DecoderGraph whole;
    private final DecoderGraph step;
    private final OnnxTensor hidden;
    private final Map<String, OnnxTensor> cache = new HashMap<>();
    private OrtSession.@Nullable Result first;
    private OrtSession.@Nullable Result last;

    /**
     * One text.
     *
     * @param whole takes the prompt
     * @param step takes each token after it
     */
    CachedSteps(DecoderGraph whole, DecoderGraph step, OnnxTensor hidden) {
        this.whole = whole;
        this.step = step;
        this.hidden = hidden;
    }

    @Override
    public Logits after(List<Integer> tokens) throws OrtException {
        if (first == null) {
            OrtSession.Result result = whole.run(tokens, 0, hidden, null);
            first = result;
            keep(result, true);
            return Logits.of(result);
        }
        int before = tokens.size() - 1;
        OrtSession.Result result = step.run(tokens.subList(before, tokens.size()), before, hidden, cache);
        if (last != null) {
            last.close();
        }
        last = result;
        keep(result, false);
        return Logits.of(result);
    }

    private void keep(OrtSession.Result result, boolean withEncoder) {
        for (Map.Entry<String, OnnxValue> output : result) {
            boolean isKept = output.getKey().startsWith(DecoderFiles.PRESENT)
                    && (withEncoder || !output.getKey().contains(OF_THE_ENCODER));
            if (isKept && output.getValue() instanceof OnnxTensor tensor) {
                cache.put(output.getKey(), tensor);
            }
        }
    }

    @Override
    public void close() {
        if (last != null) {
            last.close();
        }
        if (first != null) {
            first.close();
        }
    }
}
