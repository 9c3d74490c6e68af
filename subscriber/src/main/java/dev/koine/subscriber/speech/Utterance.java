package dev.koine.subscriber.speech;

/**
 * Speech whose text is known.
 *
 * @param id of the recording; several tasks may share one
 * @param language BCP 47 tag of the speech
 * @param text what the task is to give
 */
public record Utterance(String id, String language, Task task, String text, Features features) {}
