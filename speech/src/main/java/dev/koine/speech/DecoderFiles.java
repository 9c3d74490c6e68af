package dev.koine.speech;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.TensorInfo;
import dev.koine.engine.RejectedException;
import dev.koine.speech.onnx.OnnxSessions;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which of the decoder files that Hugging Face Optimum exports a Whisper model is decoded with: {@code decoder_model_merged.onnx}, which does
 * both with one set of weights; {@code decoder_model.onnx} for the prompt and {@code decoder_with_past_model.onnx} for each token after it; or the first of these
 * alone, without a cache. Names are without {@code .onnx}.
 *
 * @param whole takes a text from its beginning
 * @param step takes one token with the keys and values of those before it; null where there is no cache
 */
record DecoderFiles(String whole, @Nullable String step) {
    static final String ENCODER = "encoder_model";
    static final String INPUT_IDS = "input_ids";
    static final String ENCODER_HIDDEN_STATES = "encoder_hidden_states";
    static final String USE_CACHE_BRANCH = "use_cache_branch";
    static final String CACHE_POSITION = "cache_position";
    static final String PAST = "past_key_values.";
    static final String PRESENT = "present.";

    static final String DECODER = "decoder_model";
    private static final String DECODER_WITH_PAST = "decoder_with_past_model";
    static final String DECODER_MERGED = "decoder_model_merged";
    private static final Set<String> OWN = Set.of(INPUT_IDS, ENCODER_HIDDEN_STATES, CACHE_POSITION);
    private static final Set<String> OWN_OF_MERGED =
            Set.of(INPUT_IDS, ENCODER_HIDDEN_STATES, CACHE_POSITION, USE_CACHE_BRANCH);
    private static final String WAY_OUT = "Export it with optimum-cli export onnx --task"
            + " automatic-speech-recognition-with-past, or leave it out and decode with decoder_model.onnx.";
    private static final Set<OnnxJavaType> FLOATS =
            Set.of(OnnxJavaType.FLOAT, OnnxJavaType.FLOAT16, OnnxJavaType.BFLOAT16);

    /**
     * What a bundle can be decoded with, the best first; at least one.
     *
     * @param isThere whether it has a file
     */
    static List<DecoderFiles> choices(Predicate<String> isThere) {
        List<DecoderFiles> choices = new ArrayList<>();
        if (isThere.test(DECODER_MERGED)) {
            choices.add(new DecoderFiles(DECODER_MERGED, DECODER_MERGED));
        }
        if (choices.isEmpty() || isThere.test(DECODER)) {
            choices.add(new DecoderFiles(DECODER, isThere.test(DECODER_WITH_PAST) ? DECODER_WITH_PAST : null));
        }
        return choices;
    }

    /** All that have to be open. */
    List<String> files() {
        Set<String> files = new LinkedHashSet<>(List.of(ENCODER, whole));
        if (step != null) {
            files.add(step);
        }
        return List.copyOf(files);
    }

    private boolean isMerged() {
        return whole.equals(step);
    }

    /**
     * Checks that the open files are such decoders.
     *
     * @throws RejectedException NOT_LOADABLE if one takes what nothing here gives
     */
    void require(OnnxSessions sessions) throws RejectedException {
        if (step == null) {
            return;
        }
        Map<String, NodeInfo> inputs = inputs(sessions, step);
        if (isMerged() && !isOf(Set.of(OnnxJavaType.BOOL), inputs.get(USE_CACHE_BRANCH))) {
            throw ModelJson.rejected(step + ".onnx has no boolean input " + USE_CACHE_BRANCH
                    + " that says whether there is a cache. " + WAY_OUT);
        }
        Set<String> given = sessions.session(whole).getOutputNames();
        Set<String> unknown = new TreeSet<>(inputs.keySet());
        unknown.removeAll(isMerged() ? OWN_OF_MERGED : OWN);
        unknown.removeIf(
                name -> name.startsWith(PAST) && given.contains(present(name)) && isOf(FLOATS, inputs.get(name)));
        if (!unknown.isEmpty()) {
            throw ModelJson.rejected(step + ".onnx takes " + unknown + ", which "
                    + (isMerged()
                            ? "nothing gives. " + WAY_OUT
                            : whole + ".onnx does not give. Export both together, with present.* outputs, or leave the"
                                    + " first out to decode without a cache."));
        }
    }

    private static Map<String, NodeInfo> inputs(OnnxSessions sessions, String file) throws RejectedException {
        try {
            return sessions.session(file).getInputInfo();
        } catch (OrtException e) {
            throw ModelJson.rejected(file + ".onnx does not say what it takes: " + e.getMessage());
        }
    }

    private static boolean isOf(Set<OnnxJavaType> types, @Nullable NodeInfo input) {
        return input != null && input.getInfo() instanceof TensorInfo tensor && types.contains(tensor.type);
    }

    /** The output that becomes an input of the next step. */
    static String present(String past) {
        return PRESENT + past.substring(PAST.length());
    }
}
