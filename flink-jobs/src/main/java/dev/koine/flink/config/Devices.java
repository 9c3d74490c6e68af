package dev.koine.flink.config;

import dev.koine.subscriber.onnx.ExecutionProvider;
import dev.koine.subscriber.onnx.OnnxOptions;
import java.io.Serializable;

/**
 * Where the job computes.
 *
 * @param decomposition where matrices are decomposed
 * @param evaluation where versions are evaluated
 */
public record Devices(ExecutionProvider decomposition, ExecutionProvider evaluation) implements Serializable {
    /** CUDA where it works, else the CPU. */
    public static final Devices AUTO = new Devices(ExecutionProvider.AUTO, ExecutionProvider.AUTO);

    /** How a model is opened to be evaluated: recordings share the threads, and none has more than one. */
    public OnnxOptions evaluationOptions() {
        return new OnnxOptions(1, evaluation);
    }
}
