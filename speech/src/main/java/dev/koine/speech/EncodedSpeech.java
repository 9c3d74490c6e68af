package dev.koine.speech;

import ai.onnxruntime.OrtException;

/**
 * One utterance inside a model, encoded once for all that is asked of it. For one thread, and to be closed before its model is.
 */
public interface EncodedSpeech extends AutoCloseable {
    /**
     * Decodes greedily.
     *
     * @param language BCP 47 tag of the speech; CTC models need none
     * @throws IllegalArgumentException if the model does not take this language or task
     * @throws IllegalStateException if the model's output is no logits, such as NaN
     */
    String transcribe(String language, Task task) throws OrtException;

    /**
     * The loss of a reference: of its tokens, each after the ones before it, for encoder-decoder models; of all alignments for CTC.
     *
     * @return {@link Loss#NONE} where the model cannot write the reference: its vocabulary lacks a token for a part of it, or it is
     *     longer than the model's texts or, for CTC, than the speech has frames
     * @throws IllegalArgumentException if the model does not take this language or task
     * @throws IllegalStateException if the model's output is no logits, such as NaN
     */
    Loss loss(String language, Task task, String reference) throws OrtException;

    @Override
    void close();
}
