package dev.koine.speech.evaluation;

import dev.koine.speech.Task;

/**
 * Speech whose text is known.
 *
 * @param recording where its features lie; several tasks may share one
 * @param language BCP 47 tag of the speech
 * @param text what the task is to give
 */
public record Utterance(Recording recording, String language, Task task, String text) {
    /** The id of the recording. */
    public String id() {
        return recording.id();
    }

    /** What it is an example of. */
    public LanguageTask languageTask() {
        return new LanguageTask(language, task);
    }
}
