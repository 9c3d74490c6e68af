package dev.koine.speech;

import ai.onnxruntime.OrtException;
import java.util.List;

/** One text while it is decoded, token after token. */
interface DecoderSteps extends AutoCloseable {
    /**
     * The logits of what may follow, in their last step. They hold until the next call.
     *
     * @param tokens all so far: the prompt at first, one more each time
     * @throws IllegalStateException if the model's output is not what its architecture gives
     */
    Logits after(List<Integer> tokens) throws OrtException;

    @Override
    void close();
}
