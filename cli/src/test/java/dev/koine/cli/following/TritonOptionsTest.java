package dev.koine.cli.following;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtSession;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.RawTensor;
import dev.koine.follower.Occasion;
import dev.koine.follower.Placed;
import dev.koine.follower.Step;
import dev.koine.follower.triton.TritonStep;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.onnx.OnnxSessions;
import dev.koine.testkit.TinyPair;
import dev.koine.testkit.Updates;
import dev.koine.testkit.triton.TritonStandIn;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;

class TritonOptionsTest {
    @TempDir
    private Path directory;

    @Command
    private static final class Holder {
        @Mixin
        private TritonOptions triton;
    }

    private Optional<Step> step(String... arguments) {
        Holder holder = new Holder();
        new CommandLine(holder).setCaseInsensitiveEnumValuesAllowed(true).parseArgs(arguments);
        return holder.triton.step(directory.resolve("served"), Duration.ofSeconds(5));
    }

    /** A server that runs its models by ONNX Runtime. */
    private static List<RawTensor> run(Path onnx, List<RawTensor> inputs) throws Exception {
        String name = onnx.getFileName().toString().replace(".onnx", "");
        Map<String, OnnxTensor> given = new HashMap<>();
        try (OnnxSessions sessions = OnnxSessions.open(onnx.resolveSibling(""), List.of(name), OnnxOptions.DEFAULT)) {
            for (RawTensor input : inputs) {
                FloatBuffer floats = ByteBuffer.wrap(input.bytes())
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .asFloatBuffer();
                float[] values = new float[floats.remaining()];
                floats.get(values);
                // What the configuration says of scalars: they come as one number, and reach the model without a shape.
                long[] shape = input.name().equals("scale")
                        ? new long[0]
                        : input.shape().stream().mapToLong(Long::longValue).toArray();
                given.put(input.name(), OnnxSessions.floats(values, shape));
            }
            List<RawTensor> outputs = new ArrayList<>();
            try (OrtSession.Result result = sessions.run(name, given)) {
                result.forEach(entry -> {
                    OnnxTensor tensor = (OnnxTensor) entry.getValue();
                    byte[] bytes = new byte[tensor.getByteBuffer().remaining()];
                    tensor.getByteBuffer().get(bytes);
                    outputs.add(new RawTensor(
                            entry.getKey(),
                            ElementType.FLOAT,
                            Arrays.stream(tensor.getInfo().getShape()).boxed().toList(),
                            bytes));
                });
            }
            return outputs;
        } finally {
            given.values().forEach(OnnxTensor::close);
        }
    }

    private Occasion occasion(long version, float number) throws Exception {
        Path files = TinyPair.write(directory.resolve("v" + version), number);
        return new Occasion(new Placed(Updates.of("pairs", version, files), files), null);
    }

    @Test
    void comparesWhatTheServerAnswersWithWhatOnnxRuntimeAnswersHere() throws Exception {
        Path models = Files.createDirectories(TritonStep.repository(directory.resolve("served")));
        Path memory = Files.createDirectory(directory.resolve("memory"));
        try (TritonStandIn triton = TritonStandIn.start(models, memory, TritonOptionsTest::run)) {
            Step step = step("--to", "triton", "--triton-url", triton.url().toString(), "--kind", "cpu")
                    .orElseThrow();
            step.take(occasion(0, 1));
            step.take(occasion(1, 2));
            assertThat(triton.loaded()).containsExactly("pairs-decoder_model/2", "pairs-encoder_model/2");
        }
    }

    @Test
    void findsOutThatTheServerRunsOtherWeights() throws Exception {
        Path models = Files.createDirectories(TritonStep.repository(directory.resolve("served")));
        Path memory = Files.createDirectory(directory.resolve("memory"));
        Path other = TinyPair.write(directory.resolve("other"), 3);
        try (TritonStandIn triton = TritonStandIn.start(
                models,
                memory,
                (onnx, inputs) ->
                        run(other.resolve(inputs.size() == 1 ? "encoder_model.onnx" : "decoder_model.onnx"), inputs))) {
            Step step = step("--to", "triton", "--triton-url", triton.url().toString())
                    .orElseThrow();
            assertThatExceptionOfType(Step.StepFailedException.class)
                    .isThrownBy(() -> step.take(occasion(0, 1)))
                    .withMessageContaining("'logits', where the model answers");
        }
    }

    @Test
    void nothingIsDoneForAFolderAlone() {
        assertThat(step()).isEmpty();
    }

    @Test
    void saysWhatIsMissing() {
        assertThatExceptionOfType(ParameterException.class)
                .isThrownBy(() -> step("--to", "triton"))
                .withMessageContaining("--triton-url http://");
        assertThatExceptionOfType(ParameterException.class)
                .isThrownBy(() -> step("--to", "triton", "--triton-url", "localhost:8000"))
                .withMessageContaining("--triton-url http://");
        assertThatExceptionOfType(ParameterException.class)
                .isThrownBy(() -> step("--triton-url", "http://127.0.0.1:8000"))
                .withMessageContaining("add --to triton");
        assertThatExceptionOfType(ParameterException.class)
                .isThrownBy(() -> step("--to", "triton", "--triton-url", "http://127.0.0.1:8000", "--instances", "0"))
                .withMessageContaining("give 1 or more");
    }
}
