package dev.koine.speech;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.koine.engine.RejectedException;
import dev.koine.speech.onnx.OnnxSessions;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** Whisper: the encoder, whose states are kept in a file, and the decoder that takes a text whole. */
final class ForcedWhisper extends ForcedModel {
    private static final String INPUT_FEATURES = "input_features";
    /** Of the window, in lengths of the speech: that, and silence for as long again. */
    private static final int HEARD = 2;

    private final WhisperConfig config;
    private final Vocabulary vocabulary;

    private ForcedWhisper(WhisperConfig config, Vocabulary vocabulary) {
        this.config = config;
        this.vocabulary = vocabulary;
    }

    static ForcedWhisper read(Path directory, ModelJson config) throws IOException, RejectedException {
        if (!Files.exists(directory.resolve(DecoderFiles.DECODER + ".onnx"))) {
            throw missing("The bundle has no " + DecoderFiles.DECODER + ".onnx, the decoder that takes a text whole"
                    + (Files.exists(directory.resolve(DecoderFiles.DECODER_MERGED + ".onnx"))
                            ? "; in " + DecoderFiles.DECODER_MERGED
                                    + ".onnx it stands in a branch, where nobody can look. "
                            : ". ")
                    + "Export the model with optimum-cli export onnx --task automatic-speech-recognition-with-past, which"
                    + " writes it beside the others.");
        }
        return new ForcedWhisper(
                WhisperConfig.of(config, ModelJson.read(directory, "generation_config.json")),
                Vocabulary.read(directory));
    }

    @Override
    public List<String> files() {
        return List.of(DecoderFiles.ENCODER, DecoderFiles.DECODER);
    }

    @Override
    public int mostPositions(String file, int frames) {
        return file.equals(DecoderFiles.ENCODER) ? config.frames() : config.maxLength();
    }

    /**
     * A window of 30 s with two seconds of speech is silence, and silence is alike in all languages: were all of it counted, no language would weigh
     * more than another in its own speech.
     */
    @Override
    public int heard(String file, String value, int positions, Features features) {
        boolean isAlongWindow = file.equals(DecoderFiles.ENCODER) || value.equals(DecoderFiles.ENCODER_HIDDEN_STATES);
        long covered = ((long) positions * features.columns() + config.frames() - 1) / config.frames();
        return isAlongWindow ? (int) Math.min(positions, HEARD * covered) : positions;
    }

    @Override
    public Optional<String> objection(int rows, int columns, String language, String text) {
        if (rows != config.mels() || columns > config.frames()) {
            return Optional.of("has features of " + rows + " by " + columns + ", and this model takes [" + config.mels()
                    + ", up to " + config.frames() + " frames]. Cut longer recordings into pieces");
        }
        try {
            int prompt = config.prompt(language, Task.TRANSCRIBE).size();
            Optional<List<Integer>> tokens = vocabulary.byteTokens(text);
            if (tokens.isEmpty()) {
                return Optional.of("has a text that the model's vocabulary has no tokens for. Leave it out");
            }
            return prompt + tokens.get().size() <= config.maxLength()
                    ? Optional.empty()
                    : Optional.of(
                            "has a text of " + tokens.get().size() + " tokens, and this model's texts have at most "
                                    + (config.maxLength() - prompt) + ". Cut the recording into pieces");
        } catch (IllegalArgumentException e) {
            return Optional.of("cannot be asked for: " + e.getMessage() + " Name another language");
        }
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
        if (file.equals(DecoderFiles.ENCODER)) {
            encode(model, spoken.features(), states, values, look);
            return;
        }
        List<Integer> tokens = new ArrayList<>(config.prompt(spoken.language(), Task.TRANSCRIBE));
        tokens.addAll(vocabulary
                .byteTokens(spoken.text())
                .orElseThrow(() -> new IllegalArgumentException("This model cannot write the text.")));
        try (OnnxTensor hidden = readStates(states);
                DecoderGraph.Inputs inputs = new DecoderGraph(sessions, session).inputs(tokens, 0, hidden, null)) {
            run(model, inputs.all(), values, look);
        }
    }

    private void encode(OrtSession model, Features features, Path states, Set<String> values, Look look)
            throws OrtException, IOException, RejectedException {
        String hidden = model.getOutputNames().iterator().next();
        Set<String> wanted = new HashSet<>(values);
        boolean isFirst = !Files.exists(states);
        if (isFirst) {
            wanted.add(hidden);
        }
        try (OnnxTensor input = OnnxSessions.floats(config.window(features), 1, config.mels(), config.frames())) {
            run(model, Map.of(INPUT_FEATURES, input), wanted, shown -> {
                if (isFirst) {
                    writeStates(states, Objects.requireNonNull(shown.get(hidden)));
                }
                look.at(shown);
            });
        }
    }

    private static void writeStates(Path file, OnnxTensor tensor) throws IOException {
        long[] shape = tensor.getInfo().getShape();
        ByteBuffer values = tensor.getByteBuffer();
        byte[] bytes = new byte[values.remaining()];
        values.get(bytes);
        try (DataOutputStream out = new DataOutputStream(Files.newOutputStream(file))) {
            out.writeUTF(tensor.getInfo().type.name());
            out.writeInt(shape.length);
            for (long size : shape) {
                out.writeLong(size);
            }
            out.writeInt(bytes.length);
            out.write(bytes);
        }
    }

    private static OnnxTensor readStates(Path file) throws IOException, OrtException {
        try (DataInputStream in = new DataInputStream(Files.newInputStream(file))) {
            OnnxJavaType type = OnnxJavaType.valueOf(in.readUTF());
            long[] shape = new long[in.readInt()];
            for (int i = 0; i < shape.length; i++) {
                shape[i] = in.readLong();
            }
            byte[] bytes = in.readNBytes(in.readInt());
            ByteBuffer values = ByteBuffer.allocateDirect(bytes.length).order(ByteOrder.nativeOrder());
            values.put(bytes).flip();
            return OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), values, shape, type);
        }
    }
}
