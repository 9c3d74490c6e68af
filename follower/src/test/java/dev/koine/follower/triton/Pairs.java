package dev.koine.follower.triton;

import dev.koine.engine.RejectedException;
import dev.koine.engine.file.FileTree;
import dev.koine.engine.onnx.Example;
import dev.koine.engine.onnx.graph.OnnxModel;
import dev.koine.engine.onnx.graph.OnnxScanner;
import dev.koine.engine.onnx.graph.ValueInfo;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.RawTensor;
import dev.koine.schemas.ModelUpdate;
import dev.koine.testkit.TinyPair;
import dev.koine.testkit.Updates;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Versions of an encoder and a decoder. What they answer here tells which bytes they have, for want of a runtime. */
final class Pairs {
    private Pairs() {}

    static ModelUpdate update(Path directory, long version) throws Exception {
        return Updates.of(
                "pairs", version, TinyPair.write(directory.resolve("store").resolve("v" + version), version + 1));
    }

    static Example example(Path directory, String file) throws RejectedException, IOException {
        Path onnx = directory.resolve(file + ".onnx");
        List<RawTensor> inputs = new ArrayList<>();
        for (ValueInfo input : scan(onnx).graph().inputs()) {
            inputs.add(
                    input.type().endsWith("[]")
                            ? tensor(input.name(), List.of(), 1)
                            : tensor(input.name(), List.of(2L, 4L), 1));
        }
        return new Example(inputs, run(onnx, inputs));
    }

    static List<RawTensor> run(Path onnx, List<RawTensor> inputs) throws RejectedException, IOException {
        byte[] bytes = Files.readAllBytes(onnx);
        float told = Arrays.hashCode(bytes) % 1000;
        for (Path file : FileTree.files(onnx.resolveSibling(""))) {
            if (file.getFileName().toString().startsWith("decoder_model.onnx_data")
                    && scan(onnx).graph().inputs().size() == 2) {
                told += Arrays.hashCode(Files.readAllBytes(file)) % 1000;
            }
        }
        float answer = told;
        return scan(onnx).graph().outputs().stream()
                .map(output -> tensor(output.name(), List.of(2L, 4L), answer * inputs.size()))
                .toList();
    }

    private static OnnxModel scan(Path onnx) throws RejectedException, IOException {
        return OnnxScanner.scanOwn(onnx.resolveSibling(""), onnx.getFileName().toString());
    }

    static RawTensor tensor(String name, List<Long> shape, float value) {
        int numel = shape.stream().mapToInt(Long::intValue).reduce(1, Math::multiplyExact);
        ByteBuffer bytes = ByteBuffer.allocate(numel * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < numel; i++) {
            bytes.putFloat(value);
        }
        return new RawTensor(name, ElementType.FLOAT, shape, bytes.array());
    }
}
