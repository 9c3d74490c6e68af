package dev.koine.engine.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.TensorReader;
import dev.koine.engine.tensor.Weight;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BundleWriterTest {
    @TempDir
    Path parent;

    private Path source;
    private Path target;

    @BeforeEach
    void base() throws Exception {
        source = Files.createDirectories(parent.resolve("base"));
        target = parent.resolve("merged");
        Files.writeString(source.resolve("config.json"), "{\"model_type\":\"whisper\"}");
        Files.createDirectories(source.resolve("tokenizer"));
        Files.writeString(source.resolve("tokenizer/vocab.json"), "{}");
        Protos.write(source, "decoder.onnx", new TinySpeech(2, 1).export());
        byte[] data = new byte[1003];
        new Random(1).nextBytes(data);
        Files.write(source.resolve("encoder.onnx_data"), data);
        ByteString halves = ByteString.copyFrom(new byte[2 * 70_000]);
        TensorProto.Builder half = TensorProto.newBuilder()
                .setName("half")
                .setDataType(Protos.FLOAT16)
                .addDims(70_000)
                .setRawData(halves);
        Protos.write(
                source,
                "encoder.onnx",
                Protos.model(GraphProto.newBuilder()
                        .addInitializer(Protos.external("outside", List.of(5L), "encoder.onnx_data", 7))
                        .addInitializer(half)
                        .addNode(Protos.node("Add", "", List.of("outside", "half"), List.of("y")))
                        .addOutput(Protos.value("y", Protos.FLOAT, 5))));
    }

    @Test
    void onlyTheReplacedRangesDiffer() throws Exception {
        ModelBundle base = ModelBundle.open(source);
        List<Weight> replaced = base.weights().stream()
                .filter(weight -> !weight.tensor().name().equals("w1"))
                .toList();
        try (BundleWriter writer = BundleWriter.create(base, target, replaced)) {
            IntStream.range(0, replaced.size()).parallel().forEach(i -> write(writer, replaced.get(i)));
        }
        ModelBundle merged = ModelBundle.open(target);
        assertThat(merged.files()).isEqualTo(base.files());
        assertThat(Alignment.of(base, merged).weights()).isNotEmpty();
        for (String file : base.files()) {
            byte[] ours = Files.readAllBytes(source.resolve(file));
            byte[] theirs = Files.readAllBytes(target.resolve(file));
            for (Weight weight : replaced) {
                TensorInfo tensor = weight.tensor();
                if (tensor.file().equals(base.directory().resolve(file))) {
                    Arrays.fill(ours, (int) tensor.offset(), (int) (tensor.offset() + tensor.length()), (byte) 0);
                    Arrays.fill(theirs, (int) tensor.offset(), (int) (tensor.offset() + tensor.length()), (byte) 0);
                }
            }
            assertThat(theirs).as(file).isEqualTo(ours);
        }
        for (Weight weight : merged.weights()) {
            if (!weight.tensor().name().equals("w1")) {
                float[] values = new float[(int) weight.tensor().numel()];
                try (TensorReader reader = TensorReader.open(weight.tensor())) {
                    reader.read(0, values, 0, values.length);
                }
                assertThat(values).as(weight.key()).isEqualTo(values(weight));
            }
        }
        ModelProto.parseFrom(Files.readAllBytes(target.resolve("decoder.onnx")));
    }

    private static void write(BundleWriter writer, Weight weight) {
        float[] values = values(weight);
        try {
            int middle = values.length / 2;
            writer.write(weight, middle, values, middle, values.length - middle);
            writer.write(weight, 0, values, 0, middle);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static float[] values(Weight weight) {
        float[] values = new float[(int) weight.tensor().numel()];
        for (int i = 0; i < values.length; i++) {
            values[i] = i % 1000 + 0.5f;
        }
        return values;
    }

    @Test
    void copiesEverythingIfNothingIsReplaced() throws Exception {
        ModelBundle base = ModelBundle.open(source);
        BundleWriter.create(base, target, List.of()).close();
        for (String file : base.files()) {
            assertThat(target.resolve(file)).hasSameBinaryContentAs(source.resolve(file));
        }
    }

    @Test
    void refusesWhatItWasNotMadeFor() throws Exception {
        ModelBundle base = ModelBundle.open(source);
        Weight first = base.weights().get(0);
        Weight second = base.weights().get(1);
        try (BundleWriter writer = BundleWriter.create(base, target, List.of(first))) {
            assertThatThrownBy(() -> writer.write(second, 0, new float[1], 0, 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(second.key());
            assertThatThrownBy(() -> writer.write(first, first.tensor().numel(), new float[1], 0, 1))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
        assertThatThrownBy(() -> BundleWriter.create(base, target, new ArrayList<>()))
                .isInstanceOf(FileAlreadyExistsException.class);
    }

    @Test
    void doesNotFollowALinkInTheTarget() throws Exception {
        Path victim = Files.writeString(parent.resolve("victim"), "untouched");
        Files.createDirectories(target);
        Files.createSymbolicLink(target.resolve("config.json"), victim);
        ModelBundle base = ModelBundle.open(source);
        assertThatThrownBy(() -> BundleWriter.create(base, target, List.of()))
                .isInstanceOf(FileAlreadyExistsException.class);
        assertThat(victim).hasContent("untouched");
    }
}
