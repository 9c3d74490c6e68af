package dev.koine.serving;

import dev.koine.speech.Features;
import dev.koine.speech.InputShapes;
import java.io.IOException;
import java.nio.file.Path;

/** Which of the two dimensions of its features a model has first. */
public enum FeatureLayout {
    /** [frames, mels], as CTC models take them. */
    FRAMES_FIRST,
    /** [mels, frames], as Whisper takes them. */
    MELS_FIRST;

    /**
     * What the model of a bundle takes.
     *
     * @throws IOException if its configuration cannot be read
     */
    static FeatureLayout of(Path bundle) throws IOException {
        return InputShapes.of(bundle).isEmpty() ? FRAMES_FIRST : MELS_FIRST;
    }

    /**
     * A matrix of values that lie one after the other in this layout.
     *
     * @throws IllegalArgumentException if they are not so many frames
     */
    Features matrix(float[] values, int frames) {
        if (frames < 1 || values.length == 0 || values.length % frames != 0) {
            throw new IllegalArgumentException(values.length + " values are not " + frames
                    + " frames. Give as many values as there are frames times features a frame.");
        }
        int mels = values.length / frames;
        return this == FRAMES_FIRST ? new Features(values, frames, mels) : new Features(values, mels, frames);
    }
}
