package dev.koine.speech.quarantine;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.onnx.Example;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.RawTensor;
import dev.koine.speech.InputShapes;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.onnx.OnnxSessions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Runs one file of a bundle once, in this process, with {@linkplain FiniteInput a finite input}, the same one every time, and keeps what went in and came out. Sizes that a
 * model leaves open are tried until it takes them. For bundles whose bytes were verified.
 */
public final class ExampleRun {
    private static final float LOWEST = -1;
    private static final String PREFIX = "ONNX_TENSOR_ELEMENT_DATA_TYPE_";

    private ExampleRun() {}

    /**
     * Runs a file.
     *
     * @param file below the directory, without {@code .onnx}
     * @throws RejectedException NOT_LOADABLE if ONNX Runtime refuses it, or takes none of the inputs; MISSING_FILE if it is not there
     * @throws IOException if the directory cannot be read, or ONNX Runtime itself does not load here
     */
    public static Example of(Path directory, String file, OnnxOptions options) throws RejectedException, IOException {
        Map<String, List<Long>> shapes = InputShapes.of(directory);
        try (OnnxSessions sessions = OnnxSessions.open(directory, List.of(file), options)) {
            List<String> refusals = new ArrayList<>();
            for (int size : Question.SIZES) {
                try {
                    return run(sessions, file, new FiniteInput(size, LOWEST, shapes, true));
                } catch (OrtException | IllegalArgumentException | ArithmeticException e) {
                    refusals.add(String.valueOf(e.getMessage()));
                }
            }
            throw new RejectedException(
                    RejectionCode.NOT_LOADABLE,
                    file + ".onnx takes none of the inputs that its graph says it takes: " + refusals.get(0)
                            + " Give its inputs sizes, or a config.json beside it.");
        }
    }

    private static Example run(OnnxSessions sessions, String file, FiniteInput input) throws OrtException {
        Map<String, OnnxTensor> inputs = FiniteInput.inputs();
        try {
            input.fill(sessions.session(file), inputs);
            List<RawTensor> given = new ArrayList<>();
            for (Map.Entry<String, OnnxTensor> entry : inputs.entrySet()) {
                given.add(raw(entry.getKey(), entry.getValue()));
            }
            List<RawTensor> answered = new ArrayList<>();
            try (OrtSession.Result result = sessions.run(file, inputs)) {
                for (Map.Entry<String, OnnxValue> entry : result) {
                    answered.add(raw(entry.getKey(), entry.getValue()));
                }
            }
            return new Example(given, answered);
        } finally {
            inputs.values().forEach(OnnxTensor::close);
        }
    }

    private static RawTensor raw(String name, OnnxValue value) {
        if (!(value instanceof OnnxTensor tensor)) {
            throw new IllegalArgumentException("'" + name + "' is no tensor.");
        }
        TensorInfo info = tensor.getInfo();
        ElementType type = ElementType.valueOf(info.onnxType.name().substring(PREFIX.length()));
        ByteBuffer elements = tensor.getByteBuffer();
        byte[] bytes = new byte[elements.remaining()];
        elements.get(bytes);
        List<Long> shape = Arrays.stream(info.getShape()).boxed().toList();
        return new RawTensor(name, type, shape, bytes);
    }
}
