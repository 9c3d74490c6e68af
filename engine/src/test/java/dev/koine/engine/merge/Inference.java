package dev.koine.engine.merge;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.graph.OnnxModel;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** What ONNX Runtime computes from a bundle; always on the same inputs. */
final class Inference {
    private static final long OPEN_DIMENSION = 16;

    private Inference() {}

    /** The float outputs of every model file, by file and output. */
    static Map<String, List<Float>> run(Path bundle) throws Exception {
        Map<String, List<Float>> outputs = new LinkedHashMap<>();
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        for (OnnxModel model : ModelBundle.open(bundle).models()) {
            try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
                options.setIntraOpNumThreads(1);
                try (OrtSession session =
                        environment.createSession(bundle.resolve(model.path()).toString(), options)) {
                    run(environment, session).forEach((name, values) -> outputs.put(model.path() + ":" + name, values));
                }
            }
        }
        return outputs;
    }

    private static Map<String, List<Float>> run(OrtEnvironment environment, OrtSession session) throws OrtException {
        Map<String, OnnxTensor> inputs = new HashMap<>();
        for (NodeInfo input : session.getInputInfo().values()) {
            inputs.put(input.getName(), tensor(environment, (TensorInfo) input.getInfo()));
        }
        Map<String, List<Float>> outputs = new LinkedHashMap<>();
        try (OrtSession.Result result = session.run(inputs)) {
            result.forEach(output -> {
                FloatBuffer values = ((OnnxTensor) output.getValue()).getFloatBuffer();
                List<Float> list = new ArrayList<>();
                while (values.hasRemaining()) {
                    list.add(values.get());
                }
                outputs.put(output.getKey(), list);
            });
        } finally {
            inputs.values().forEach(OnnxTensor::close);
        }
        return outputs;
    }

    private static OnnxTensor tensor(OrtEnvironment environment, TensorInfo info) throws OrtException {
        long[] shape = info.getShape().clone();
        int numel = 1;
        for (int i = 0; i < shape.length; i++) {
            shape[i] = shape[i] > 0 ? shape[i] : i == 0 ? 1 : OPEN_DIMENSION;
            numel = Math.multiplyExact(numel, Math.toIntExact(shape[i]));
        }
        Random random = new Random(numel);
        if (info.type == OnnxJavaType.INT64) {
            long[] tokens = random.longs(numel, 0, 5).toArray();
            return OnnxTensor.createTensor(environment, LongBuffer.wrap(tokens), shape);
        }
        float[] values = new float[numel];
        for (int i = 0; i < numel; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return OnnxTensor.createTensor(environment, FloatBuffer.wrap(values), shape);
    }
}
