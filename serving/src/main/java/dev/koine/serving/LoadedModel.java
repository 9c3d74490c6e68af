package dev.koine.serving;

import ai.onnxruntime.OrtException;
import dev.koine.engine.RejectedException;
import dev.koine.speech.SpeechModel;
import dev.koine.speech.onnx.OnnxOptions;
import java.io.IOException;
import java.nio.file.Path;

/** A version's model and what it wants its features to look like. */
final class LoadedModel implements AutoCloseable {
    private final SpeechModel model;
    private final FeatureLayout layout;

    private LoadedModel(SpeechModel model, FeatureLayout layout) {
        this.model = model;
        this.layout = layout;
    }

    static LoadedModel open(Path bundle, OnnxOptions options) throws IOException, RejectedException {
        FeatureLayout layout = FeatureLayout.of(bundle);
        return new LoadedModel(SpeechModel.open(bundle, options), layout);
    }

    /**
     * Decodes.
     *
     * @throws IllegalArgumentException if the model does not take this
     * @throws IOException if ONNX Runtime fails
     */
    String transcribe(Question question) throws IOException {
        try {
            return model.transcribe(question.features(layout), question.language(), question.task());
        } catch (OrtException e) {
            throw new IOException("ONNX Runtime fails: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        model.close();
    }
}
