package dev.koine.speech;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.speech.onnx.OnnxSessions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apiguardian.api.API;

/**
 * A model whose files are run one by one on speech whose text is known, for those who look at what its layers are given: of a CTC model
 * {@code model.onnx}; of Whisper the encoder on its whole window, then {@code decoder_model.onnx} on prompt and text at once.
 */
@API(status = API.Status.INTERNAL)
public abstract class ForcedModel {
    ForcedModel() {}

    /** Speech with its text. */
    public record Spoken(Features features, String language, String text) {}

    /** Is shown values of the graph by their names; they are gone afterwards. */
    @FunctionalInterface
    public interface Look {
        void at(Map<String, OnnxTensor> values) throws OrtException, IOException, RejectedException;
    }

    /**
     * Reads what a bundle's files beside the graphs say.
     *
     * @throws RejectedException NOT_LOADABLE or MISSING_FILE if the bundle is no speech model that is known here, or lacks a file to run
     */
    public static ForcedModel read(Path directory) throws IOException, RejectedException {
        ModelJson config = ModelJson.read(directory, "config.json");
        String type = config.text("model_type");
        return switch (type) {
            case "ctc" -> new ForcedCtc(CtcConfig.of(config));
            case "whisper" -> ForcedWhisper.read(directory, config);
            default ->
                throw ModelJson.rejected("config.json in " + directory + " says model_type '" + type
                        + "'. Known are ctc and whisper; take a model of these.");
        };
    }

    /** The files that are run, in this order, without {@code .onnx}. */
    public abstract List<String> files();

    /**
     * The most positions that a file computes of one recording.
     *
     * @param frames of the longest recording
     */
    public abstract int mostPositions(String file, int frames);

    /**
     * How many of a value's positions count, the leading ones: those that speech covers and, where silence follows that fills a window, as many of it.
     *
     * @param file one of {@link #files}
     * @param value of its graph
     * @param positions that the value has
     */
    public abstract int heard(String file, String value, int positions, Features features);

    /** Why the model cannot take this speech with this text, and what to do; empty if it can. */
    public abstract Optional<String> objection(int rows, int columns, String language, String text);

    /**
     * Runs a file.
     *
     * @param file one of {@link #files}
     * @param session under which it is open, maybe with more outputs behind its own
     * @param states where files leave what later ones take of this speech; each runs after those before it
     * @param values names of inputs and outputs to look at
     * @throws IllegalArgumentException if the model does not take the speech
     * @throws IllegalStateException if a file does not give what its architecture has
     */
    public abstract void run(
            String file,
            OnnxSessions sessions,
            String session,
            Spoken spoken,
            Path states,
            Set<String> values,
            Look look)
            throws OrtException, IOException, RejectedException;

    /** Runs a session for the values that are no inputs, and shows all of them. */
    static void run(OrtSession session, Map<String, OnnxTensor> inputs, Set<String> values, Look look)
            throws OrtException, IOException, RejectedException {
        Set<String> outputs = new HashSet<>(values);
        outputs.removeAll(inputs.keySet());
        if (outputs.isEmpty()) {
            look.at(inputs);
            return;
        }
        try (OrtSession.Result result = session.run(inputs, outputs)) {
            Map<String, OnnxTensor> shown = new HashMap<>(inputs);
            for (Map.Entry<String, OnnxValue> output : result) {
                if (!(output.getValue() instanceof OnnxTensor tensor)) {
                    throw new IllegalStateException("The value '" + output.getKey() + "' is no tensor.");
                }
                shown.put(output.getKey(), tensor);
            }
            look.at(shown);
        }
    }

    /** A CTC model: one file, which needs no text. */
    private static final class ForcedCtc extends ForcedModel {
        private final CtcConfig config;

        ForcedCtc(CtcConfig config) {
            this.config = config;
        }

        @Override
        public List<String> files() {
            return List.of(CtcDecoder.MODEL);
        }

        @Override
        public int mostPositions(String file, int frames) {
            return frames;
        }

        @Override
        public int heard(String file, String value, int positions, Features features) {
            return positions;
        }

        @Override
        public Optional<String> objection(int rows, int columns, String language, String text) {
            return columns == config.mels()
                    ? Optional.empty()
                    : Optional.of("has features of " + rows + " by " + columns + ", and this model takes [frames, "
                            + config.mels() + "]. Take features that were made for this model");
        }

        @Override
        public void run(
                String file,
                OnnxSessions sessions,
                String session,
                Spoken spoken,
                Path states,
                Set<String> values,
                Look look)
                throws OrtException, IOException, RejectedException {
            OrtSession model = sessions.session(session);
            Features features = spoken.features();
            try (OnnxTensor tensor = OnnxSessions.floats(features.values(), 1, features.rows(), features.columns())) {
                run(model, Map.of(model.getInputNames().iterator().next(), tensor), values, look);
            }
        }
    }

    static RejectedException missing(String message) {
        return new RejectedException(RejectionCode.MISSING_FILE, message);
    }
}
