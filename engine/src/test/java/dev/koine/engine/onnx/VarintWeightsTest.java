package dev.koine.engine.onnx;

import static dev.koine.engine.onnx.Protos.node;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import dev.koine.engine.RejectedException;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.tensor.FloatEncoding;
import dev.koine.engine.tensor.TensorReader;
import dev.koine.engine.tensor.Weight;
import dev.koine.engine.tensor.WeightRole;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterTry;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Half-precision weights that a file holds number by number, as older converters leave them. */
class VarintWeightsTest {
    @TempDir
    Path directory;

    private @Nullable Path made;

    @AfterTry
    void clean() throws IOException {
        Protos.delete(made);
    }

    @Property(tries = 30)
    void readBackWhatProtobufWroteAndWriteWhatItReads(@ForAll long seed) throws Exception {
        directory = Files.createTempDirectory("varints");
        made = directory;
        Random random = new Random(seed);
        int type = random.nextBoolean() ? Protos.FLOAT16 : Protos.BFLOAT16;
        int numel = 17 + random.nextInt(200_000);
        short[] first = finite(random, numel);
        short[] second = finite(random, numel);
        float[] raw = {1, 2, 3};
        Path base = bundle("base", model(type, first, Protos.floats("raw", List.of(3L), raw)));
        ModelBundle bundle = ModelBundle.open(base);
        List<Weight> weights = bundle.weights();
        assertThat(weights).hasSize(4);
        Weight constant = weights.get(random.nextInt(3));
        try (TensorReader reader = TensorReader.open(constant.tensor())) {
            int from = random.nextInt(numel);
            float[] some = new float[Math.min(50_000, numel - from)];
            reader.read(from, some, 0, some.length);
            for (int i = 0; i < some.length; i++) {
                assertThat(some[i]).isEqualTo(value(type, first[from + i]));
            }
        }

        Path merged = directory.resolve("merged");
        float[] values = new float[numel];
        for (int i = 0; i < numel; i++) {
            values[i] = value(type, second[i]);
        }
        try (BundleWriter writer = BundleWriter.create(bundle, merged, weights)) {
            for (Weight weight : weights) {
                boolean isRaw = weight.tensor().name().equals("raw");
                float[] written = isRaw ? new float[] {7, 8, 9} : values;
                int middle = written.length / 2;
                writer.write(weight, middle, written, middle, written.length - middle);
                writer.write(weight, 0, written, 0, middle);
            }
        }
        assertThat(ModelProto.parseFrom(Files.readAllBytes(merged.resolve("model.onnx"))))
                .isEqualTo(model(type, second, Protos.floats("raw", List.of(3L), 7, 8, 9)));
        assertThat(Files.readAllBytes(merged.resolve("model.onnx")))
                .isEqualTo(model(type, second, Protos.floats("raw", List.of(3L), 7, 8, 9))
                        .toByteArray());
        try (var files = Files.list(merged)) {
            assertThat(files).hasSize(1);
        }
    }

    @Test
    void unchangedElementsGiveTheBasesBytes() throws Exception {
        short[] values = finite(new Random(1), 1000);
        Path base = bundle("base", model(Protos.FLOAT16, values, Protos.floats("raw", List.of(1L), 1)));
        ModelBundle bundle = ModelBundle.open(base);
        Path merged = directory.resolve("merged");
        try (BundleWriter writer = BundleWriter.create(bundle, merged, bundle.weights())) {
            for (Weight weight : bundle.weights()) {
                float[] same = new float[(int) weight.tensor().numel()];
                try (TensorReader reader = TensorReader.open(weight.tensor())) {
                    reader.read(0, same, 0, same.length);
                }
                writer.write(weight, 0, same, 0, same.length);
            }
        }
        assertThat(merged.resolve("model.onnx")).hasSameBinaryContentAs(base.resolve("model.onnx"));
    }

    @Test
    void anExpertMayStoreTheSameWeightsOtherwise() throws Exception {
        short[] values = finite(new Random(1), 64);
        TensorProto scale = Protos.floats("raw", List.of(1L), 1);
        ModelBundle numbers = ModelBundle.open(bundle("base", model(Protos.FLOAT16, values, scale)));
        ModelProto.Builder raw = model(Protos.FLOAT16, values, scale).toBuilder();
        TensorProto.Builder w = raw.getGraphBuilder().getInitializerBuilder(0);
        w.clearInt32Data().setRawData(bytes(values));
        ModelBundle bytes = ModelBundle.open(bundle("expert", raw.build()));
        assertThat(Alignment.of(numbers, bytes).weights()).isNotEmpty();
        assertThat(Alignment.of(bytes, numbers).weights()).isNotEmpty();
    }

    @Test
    void aTiedProjectionIsFoundTransposed() throws Exception {
        short[] table = finite(new Random(1), 5 * 4);
        short[] transposed = new short[20];
        for (int i = 0; i < 20; i++) {
            transposed[i % 4 * 5 + i / 4] = table[i];
        }
        assertThat(roleOfProjection(table, transposed)).isEqualTo(WeightRole.VOCABULARY_PROJECTION);
        transposed[7]++;
        assertThat(roleOfProjection(table, transposed)).isEqualTo(WeightRole.LINEAR);
    }

    private WeightRole roleOfProjection(short[] table, short[] projection) throws Exception {
        GraphProto.Builder graph = GraphProto.newBuilder()
                .addInitializer(half(Protos.FLOAT16, "table", table, 5, 4))
                .addInitializer(half(Protos.FLOAT16, "projection", projection, 4, 5))
                .addInput(Protos.value("ids", Protos.INT64, -1))
                .addNode(node("Gather", "", List.of("table", "ids"), List.of("x")))
                .addNode(node("MatMul", "", List.of("x", "projection"), List.of("p")))
                .addNode(node("ReduceMax", "", List.of("p"), List.of("y")))
                .addOutput(Protos.value("y", Protos.FLOAT16));
        return ModelBundle.open(bundle("tied", Protos.model(graph)))
                .weights()
                .get(1)
                .role();
    }

    /** Scalars that converters write so have always been constants. */
    @Test
    void smallOnesStayConstants() throws Exception {
        ModelProto base = small(half(Protos.FLOAT16, "c", new short[] {0x3c00}, 1));
        ModelBundle bundle = ModelBundle.open(bundle("base", base));
        assertThat(bundle.weights()).isEmpty();
        assertThat(Alignment.of(bundle, bundle).weights()).isEmpty();
        ModelProto other = small(half(Protos.FLOAT16, "c", new short[] {0x3c01}, 1));
        assertThat(catchThrowableOfType(
                        RejectedException.class, () -> Alignment.of(bundle, ModelBundle.open(bundle("expert", other)))))
                .hasMessageContaining("must be equal");
    }

    @Test
    void numbersThatAreNoElementsAreRefused() {
        short[] values = finite(new Random(1), 20);
        TensorProto.Builder negative =
                half(Protos.FLOAT16, "c", values, 20).toBuilder().setInt32Data(3, -1);
        TensorProto.Builder few = half(Protos.FLOAT16, "c", values, 21).toBuilder();
        for (TensorProto.Builder tensor : List.of(negative, few)) {
            assertThat(catchThrowableOfType(
                            RejectedException.class, () -> ModelBundle.open(bundle("bad", small(tensor.build())))))
                    .hasMessageContaining("tensor");
        }
    }

    private static ModelProto small(TensorProto tensor) {
        return Protos.model(GraphProto.newBuilder()
                .addInitializer(tensor)
                .addInput(Protos.value("x", Protos.FLOAT16, -1))
                .addNode(node("Mul", "", List.of("x", "c"), List.of("y")))
                .addOutput(Protos.value("y", Protos.FLOAT16, -1)));
    }

    /** A weight in the graph, one in a Constant of a subgraph, and one that is raw, behind both. */
    private static ModelProto model(int type, short[] values, TensorProto raw) {
        GraphProto.Builder branch = GraphProto.newBuilder()
                .addNode(Protos.constant("c", half(type, "", values, values.length)))
                .addNode(node("Add", "", List.of("x", "c"), List.of("z")))
                .addOutput(Protos.value("z", type, -1));
        return Protos.model(GraphProto.newBuilder()
                .addInput(Protos.value("x", type, -1))
                .addInput(Protos.value("cond", 9))
                .addInitializer(half(type, "w", values, values.length))
                .addInitializer(raw)
                .addNode(node("Add", "", List.of("x", "w"), List.of("a")))
                .addNode(node(
                        "If",
                        "",
                        List.of("cond"),
                        List.of("b"),
                        Protos.graph("else_branch", branch.build()),
                        Protos.graph("then_branch", branch.build())))
                .addNode(node("Mul", "", List.of("b", "raw"), List.of("y")))
                .addOutput(Protos.value("y", type, -1)));
    }

    private static TensorProto half(int type, String name, short[] values, long... shape) {
        TensorProto.Builder tensor = TensorProto.newBuilder().setName(name).setDataType(type);
        for (long size : shape) {
            tensor.addDims(size);
        }
        for (short value : values) {
            tensor.addInt32Data(value & 0xffff);
        }
        return tensor.build();
    }

    private static ByteString bytes(short[] values) {
        ByteBuffer raw = ByteBuffer.allocate(2 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        raw.asShortBuffer().put(values);
        return ByteString.copyFrom(raw);
    }

    /** Finite in both types; small numbers are often few bytes long. */
    private static short[] finite(Random random, int count) {
        short[] values = new short[count];
        for (int i = 0; i < count; i++) {
            int bits = random.nextInt(1 << (1 + random.nextInt(16)));
            values[i] = (short) ((bits & 0x7c00) == 0x7c00 || (bits & 0x7f80) == 0x7f80 ? bits & 0x3ff : bits);
        }
        return values;
    }

    private static float value(int type, short bits) {
        return type == Protos.FLOAT16 ? FloatEncoding.fromFloat16(bits) : FloatEncoding.fromBfloat16(bits);
    }

    private Path bundle(String name, ModelProto model) throws IOException {
        Path bundle = Files.createTempDirectory(directory, name);
        Protos.write(bundle, "model.onnx", model);
        return bundle;
    }
}
