package dev.koine.speech.evaluation;

import dev.koine.speech.Task;
import java.util.Comparator;

/**
 * What a model is measured at. Ordered by language, then task.
 *
 * @param language BCP 47 tag of the speech
 */
public record LanguageTask(String language, Task task) implements Comparable<LanguageTask> {
    private static final Comparator<LanguageTask> ORDER =
            Comparator.comparing(LanguageTask::language).thenComparing(LanguageTask::task);

    @Override
    public int compareTo(LanguageTask other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return language + " " + task;
    }
}
