package dev.koine.flink.config;

import dev.koine.engine.Device;
import dev.koine.speech.onnx.OnnxOptions;
import java.io.Serializable;

/**
 * Where the job computes.
 *
 * @param decomposition where matrices are decomposed
 * @param evaluation where versions are evaluated
 */
public record Devices(Device decomposition, Device evaluation) implements Serializable {
    /** How a model is opened to be evaluated: recordings share the threads, and none has more than one. */
    public OnnxOptions evaluationOptions() {
        return new OnnxOptions(1, evaluation);
    }
}
