package dev.koine.speech;

import java.util.Locale;

/** What is asked of a speech model. */
public enum Task {
    /** Write down what is said, in the language it is said in. */
    TRANSCRIBE,
    /** Write down what is said in English. */
    TRANSLATE;

    /**
     * The task of this name, in whatever case.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Task of(String name) {
        for (Task task : values()) {
            if (task.name().equalsIgnoreCase(name)) {
                return task;
            }
        }
        throw new IllegalArgumentException("There is no task '" + name + "'. Write transcribe or translate.");
    }

    String token() {
        return name().toLowerCase(Locale.ROOT);
    }
}
