package dev.koine.engine.onnx;

import dev.koine.engine.tensor.RawTensor;
import java.util.List;

/** What a model file answers to one input: all of its inputs, and all of its outputs. */
public record Example(List<RawTensor> inputs, List<RawTensor> outputs) {
    public Example {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
    }
}
