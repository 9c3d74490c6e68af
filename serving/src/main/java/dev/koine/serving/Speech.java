package dev.koine.serving;

import dev.koine.speech.Features;
import dev.koine.speech.Task;

/**
 * One utterance as a row of a table has it: its features one after the other. What is wrong with them shows when a model is asked.
 *
 * @param values frames times mels of them, row-major in the layout that the model takes, which {@link FeatureLayout} tells of; not copied, and
 *     not to be changed
 * @param frames how many frames they are
 * @param language BCP 47 tag of the speech; CTC models need none
 * @param task what is asked
 */
@SuppressWarnings("ArrayRecordComponent")
public record Speech(float[] values, int frames, String language, Task task) implements Question {
    /** Speech to be written down in its own language. */
    public static Speech of(float[] values, int frames, String language) {
        return new Speech(values, frames, language, Task.TRANSCRIBE);
    }

    @Override
    public Features features(FeatureLayout layout) {
        return layout.matrix(values, frames);
    }
}
