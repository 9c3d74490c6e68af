package dev.koine.speech;

import ai.onnxruntime.OrtException;

/** Takes features in with the sessions of one architecture. Safe for use by many threads. */
interface Decoder {
    /**
     * Encodes one utterance.
     *
     * @throws IllegalArgumentException if this model does not take these features
     * @throws IllegalStateException if the model's output is not what its architecture gives
     */
    EncodedSpeech encode(Features features) throws OrtException;
}
