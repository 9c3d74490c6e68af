package dev.koine.speech;

import ai.onnxruntime.OrtException;
import dev.koine.engine.RejectedException;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.onnx.OnnxSessions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A speech recogniser opened from a bundle. Its {@code config.json} says which architecture it is: {@code ctc} (one
 * {@code model.onnx}) or {@code whisper} ({@code encoder_model.onnx} and a decoder, as Optimum exports them: {@code decoder_model_merged.onnx} where there is
 * one, else {@code decoder_model.onnx}, with {@code decoder_with_past_model.onnx} where there is that). Safe for use by many threads.
 */
public final class SpeechModel implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SpeechModel.class);

    private final OnnxSessions sessions;
    private final Decoder decoder;

    private SpeechModel(OnnxSessions sessions, Decoder decoder) {
        this.sessions = sessions;
        this.decoder = decoder;
    }

    /**
     * Opens the model of a bundle directory.
     *
     * @throws RejectedException NOT_LOADABLE or MISSING_FILE if the bundle is no speech model that is known here
     * @throws IOException if a file cannot be read
     */
    public static SpeechModel open(Path directory, OnnxOptions options) throws IOException, RejectedException {
        List<Layout> layouts = Layout.of(directory);
        for (Layout layout : layouts) {
            OnnxSessions sessions = OnnxSessions.open(directory, layout.files(), options);
            try {
                return layout.model(sessions);
            } catch (RejectedException e) {
                sessions.close();
                layout.passOver(layouts, e);
            }
        }
        throw new IllegalStateException("a bundle of no layout");
    }

    /**
     * Opens the model of a bundle directory on sessions that are open already.
     *
     * @param sessions of the model's files, and of others maybe; the model closes them with itself
     * @throws RejectedException NOT_LOADABLE or MISSING_FILE if the bundle is no speech model that is known here; the sessions stay open
     * @throws IOException if a file cannot be read
     */
    public static SpeechModel open(Path directory, OnnxSessions sessions) throws IOException, RejectedException {
        List<Layout> layouts = Layout.of(directory);
        for (Layout layout : layouts) {
            try {
                return layout.model(sessions);
            } catch (RejectedException e) {
                layout.passOver(layouts, e);
            }
        }
        throw new IllegalStateException("a bundle of no layout");
    }

    /**
     * Files of a bundle that are a whole model.
     *
     * @param files without {@code .onnx}
     */
    private record Layout(List<String> files, Opening decoder) {
        @FunctionalInterface
        interface Opening {
            Decoder on(OnnxSessions sessions) throws RejectedException;
        }

        /** Those that its configuration and its files allow, the best first. */
        static List<Layout> of(Path directory) throws IOException, RejectedException {
            ModelJson config = ModelJson.read(directory, "config.json");
            String type = config.text("model_type");
            return switch (type) {
                case "ctc" -> {
                    Vocabulary vocabulary = Vocabulary.read(directory);
                    CtcConfig settings = CtcConfig.of(config);
                    yield List.of(new Layout(
                            List.of(CtcDecoder.MODEL), sessions -> new CtcDecoder(sessions, settings, vocabulary)));
                }
                case "whisper" -> {
                    Vocabulary vocabulary = Vocabulary.read(directory);
                    WhisperConfig settings =
                            WhisperConfig.of(config, ModelJson.read(directory, "generation_config.json"));
                    yield DecoderFiles.choices(file -> Files.exists(directory.resolve(file + ".onnx"))).stream()
                            .map(choice -> new Layout(
                                    choice.files(),
                                    sessions -> WhisperDecoder.on(sessions, choice, settings, vocabulary)))
                            .toList();
                }
                default ->
                    throw ModelJson.rejected("config.json in " + directory + " says model_type '" + type
                            + "'. Known are ctc and whisper; open others with OnnxSessions and decode them yourself.");
            };
        }

        SpeechModel model(OnnxSessions sessions) throws RejectedException {
            for (String file : files) {
                sessions.require(file);
            }
            return new SpeechModel(sessions, decoder.on(sessions));
        }

        /** Tells that the next one is taken for want of this; throws if there is none. */
        void passOver(List<Layout> layouts, RejectedException why) throws RejectedException {
            if (this == layouts.get(layouts.size() - 1)) {
                throw why;
            }
            LOG.warn("A model is opened without {}: {}", files.get(files.size() - 1), why.getMessage());
        }
    }

    /**
     * Decodes one utterance greedily.
     *
     * @param language BCP 47 tag of the speech; CTC models need none
     * @throws IllegalArgumentException if the model does not take these features, language or task
     * @throws IllegalStateException if the model's output is no logits, such as NaN
     * @throws OrtException if ONNX Runtime fails
     */
    public String transcribe(Features features, String language, Task task) throws OrtException {
        try (EncodedSpeech encoded = encode(features)) {
            return encoded.transcribe(language, task);
        }
    }

    /**
     * Encodes one utterance, to ask it for several texts or losses.
     *
     * @throws IllegalArgumentException if the model does not take these features
     * @throws IllegalStateException if the model's output is not what its architecture gives
     * @throws OrtException if ONNX Runtime fails
     */
    public EncodedSpeech encode(Features features) throws OrtException {
        return decoder.encode(features);
    }

    @Override
    public void close() {
        sessions.close();
    }
}
