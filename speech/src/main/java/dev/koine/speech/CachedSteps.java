package dev.koine.speech;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.koine.engine.RejectedException;
import dev.koine.speech.onnx.OnnxSessions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Runs the decoder over the prompt and then over one token at a time, with the keys and values of the tokens before it, in the layout of
 * Hugging Face Optimum's exports: {@code decoder_model.onnx} gives {@code present.<layer>.<decoder or encoder>.<key or value>},
 * {@code decoder_with_past_model.onnx} takes each as {@code past_key_values.…} and gives those of the decoder anew.
 */
final class CachedSteps implements DecoderSteps {
    private static final String PAST = "past_key_values.";
    private static final String PRESENT = "present.";

    private final OnnxSessions sessions;
    private final OnnxTensor hidden;
    private final Map<String, OnnxTensor> cache = new HashMap<>();
    private OrtSession.@Nullable Result first;
    private OrtSession.@Nullable Result last;

    CachedSteps(OnnxSessions sessions, OnnxTensor hidden) {
        this.sessions = sessions;
        this.hidden = hidden;
    }

    /**
     * Checks that two files fit together.
     *
     * @throws RejectedException NOT_LOADABLE if the second takes what the first does not give
     */
    static void require(OnnxSessions sessions) throws RejectedException {
        Set<String> unknown =
                new TreeSet<>(sessions.session(WhisperDecoder.DECODER_WITH_PAST).getInputNames());
        unknown.removeAll(Set.of(WhisperDecoder.INPUT_IDS, WhisperDecoder.ENCODER_HIDDEN_STATES));
        Set<String> given = sessions.session(WhisperDecoder.DECODER).getOutputNames();
        unknown.removeIf(name -> name.startsWith(PAST) && given.contains(present(name)));
        if (!unknown.isEmpty()) {
            throw ModelJson.rejected(WhisperDecoder.DECODER_WITH_PAST + ".onnx takes " + unknown + ", which "
                    + WhisperDecoder.DECODER
                    + ".onnx does not give. Export both together, with present.* outputs, or leave the first out to"
                    + " decode without a cache.");
        }
    }

    @Override
    public Logits after(List<Integer> tokens) throws OrtException {
        if (first == null) {
            OrtSession.Result result = run(WhisperDecoder.DECODER, tokens);
            first = result;
            keep(result);
            return Logits.of(result);
        }
        OrtSession.Result result =
                run(WhisperDecoder.DECODER_WITH_PAST, tokens.subList(tokens.size() - 1, tokens.size()));
        if (last != null) {
            last.close();
        }
        last = result;
        keep(result);
        return Logits.of(result);
    }

    private OrtSession.Result run(String name, List<Integer> tokens) throws OrtException {
        long[] ids = tokens.stream().mapToLong(Integer::longValue).toArray();
        try (OnnxTensor input = OnnxSessions.longs(ids, 1, ids.length)) {
            Map<String, OnnxTensor> given = new HashMap<>();
            given.put(WhisperDecoder.INPUT_IDS, input);
            for (String taken : sessions.session(name).getInputNames()) {
                if (taken.equals(WhisperDecoder.ENCODER_HIDDEN_STATES)) {
                    given.put(taken, hidden);
                } else if (taken.startsWith(PAST)) {
                    given.put(taken, cache.get(present(taken)));
                }
            }
            return sessions.run(name, given);
        }
    }

    private void keep(OrtSession.Result result) {
        for (Map.Entry<String, OnnxValue> output : result) {
            if (output.getKey().startsWith(PRESENT) && output.getValue() instanceof OnnxTensor tensor) {
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

    private static String present(String input) {
        return PRESENT + input.substring(PAST.length());
    }
}
