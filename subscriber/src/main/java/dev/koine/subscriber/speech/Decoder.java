package dev.koine.subscriber.speech;

import ai.onnxruntime.OrtException;

/** Makes text of features with the sessions of one architecture. Safe for use by many threads. */
interface Decoder {
    /**
     * The text of one utterance.
     *
     * @throws IllegalArgumentException if this model does not take these features, language or task
     * @throws IllegalStateException if the model's output is no logits
     */
    String decode(Features features, String language, Task task) throws OrtException;
}
