package dev.koine.engine.onnx.graph;

import static dev.koine.engine.onnx.Protos.node;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.fail;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.SparseTensorProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TrainingInfoProto;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.Protos;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.TensorReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterTry;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxScannerTest {
    @TempDir
    Path directory;

    private @Nullable Path made;

    @AfterTry
    void clean() throws IOException {
        Protos.delete(made);
    }

    @Property(tries = 60)
    void indexIsWhatProtobufParses(@ForAll long seed) throws Exception {
        temporary();
        Random random = new Random(seed);
        ModelProto model = Protos.model(randomGraph(random, 3, "g"));
        Protos.write(directory, "model.onnx", model);
        OnnxModel index = OnnxScanner.scan(directory, "model.onnx");
        ModelProto parsed = ModelProto.parseFrom(Files.readAllBytes(directory.resolve("model.onnx")));
        assertThat(index.irVersion()).isEqualTo(parsed.getIrVersion());
        assertThat(index.opsets()).containsEntry("", 17L);
        assertThat(index.metadata()).containsEntry("n_mels", "80");
        assertThat(index.producer()).isEqualTo("pytorch 2.5.1");
        assertSame(index.graph(), parsed.getGraph());
    }

    @Property(tries = 60)
    void damagedFilesAreRefusedAndNothingElse(@ForAll long seed) throws Exception {
        temporary();
        Random random = new Random(seed);
        byte[] good = Protos.model(randomGraph(random, 2, "g")).toByteArray();
        Path file = directory.resolve("model.onnx");
        for (int i = 0; i < 40; i++) {
            byte[] bad = Arrays.copyOf(good, i % 2 == 0 ? random.nextInt(good.length) : good.length);
            for (int j = 0; j < random.nextInt(4) && bad.length > 0; j++) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt();
            }
            Files.write(file, bad);
            try {
                ModelBundle bundle = ModelBundle.open(directory);
                Alignment.of(bundle, bundle);
            } catch (RejectedException e) {
                assertThat(e.code()).isNotNull();
            } catch (Exception | StackOverflowError e) {
                fail("seed " + seed, e);
            }
        }
    }

    @Test
    void garbageIsNotOnnx() throws Exception {
        for (int i = 0; i < 300; i++) {
            byte[] garbage = new byte[i];
            new Random(i).nextBytes(garbage);
            Files.write(directory.resolve("model.onnx"), garbage);
            assertThat(refusal().code()).isEqualTo(RejectionCode.NOT_ONNX);
        }
    }

    @Test
    void findsRawDataAtAnyAlignment() throws Exception {
        for (int padding = 1; padding <= 4; padding++) {
            GraphProto.Builder graph = GraphProto.newBuilder()
                    .setName("n".repeat(padding))
                    .addInitializer(Protos.floats("w", List.of(3L), 1, 2, 3));
            assertThat(read(scan(graph).graph().initializers().get(0).info())).containsExactly(1, 2, 3);
        }
    }

    @Test
    void packedFloatDataIsRaw() throws Exception {
        GraphProto.Builder graph = GraphProto.newBuilder()
                .addInitializer(TensorProto.newBuilder()
                        .setName("w")
                        .setDataType(Protos.FLOAT)
                        .addDims(2)
                        .addFloatData(1.5f)
                        .addFloatData(-2));
        StoredTensor tensor = scan(graph).graph().initializers().get(0);
        assertThat(tensor.isOpaque()).isFalse();
        assertThat(read(tensor.info())).containsExactly(1.5f, -2);
    }

    @Test
    void findsExternalDataOfSeveralTensorsInOneFile() throws Exception {
        Files.write(directory.resolve("model.onnx_data"), Protos.bytes(9, 1, 2, 3));
        TensorProto second = Protos.external("b", List.of(1L), "model.onnx_data", 12).toBuilder()
                .addExternalData(Protos.entry("length", "4"))
                .addExternalData(Protos.entry("checksum", "ignored"))
                .build();
        List<StoredTensor> tensors = scan(GraphProto.newBuilder()
                        .addInitializer(Protos.external("a", List.of(2L), "./model.onnx_data", 4))
                        .addInitializer(second))
                .graph()
                .initializers();
        assertThat(read(tensors.get(0).info())).containsExactly(1, 2);
        assertThat(read(tensors.get(1).info())).containsExactly(3);
    }

    @Test
    void refusesExternalDataThatDoesNotFit() throws Exception {
        Files.write(directory.resolve("data"), new byte[16]);
        assertThat(refusal(external("data", 12, null))).hasMessageContaining("past the end of 'data'");
        assertThat(refusal(external("data", Long.MAX_VALUE, null))).hasMessageContaining("past the end");
        assertThat(refusal(external("data", -4, null))).hasMessageContaining("offset '-4'");
        assertThat(refusal(external("data", 0, "12"))).hasMessageContaining("12 bytes outside the file instead of 8");
        assertThat(refusal(external("data", 0, "99999999999999999999"))).hasMessageContaining("length");
    }

    @Test
    void tensorsStoredNumberByNumberAreOpaque() throws Exception {
        TensorProto.Builder ids = TensorProto.newBuilder()
                .setName("ids")
                .setDataType(Protos.INT64)
                .addDims(2);
        TensorProto.Builder half = TensorProto.newBuilder()
                .setName("h")
                .setDataType(Protos.FLOAT16)
                .addDims(1)
                .addInt32Data(15360);
        TensorProto.Builder words = TensorProto.newBuilder()
                .setName("words")
                .setDataType(8)
                .addDims(1)
                .addStringData(ByteString.copyFromUtf8("ciao"));
        List<StoredTensor> first = scan(GraphProto.newBuilder()
                        .addInitializer(ids.clone().addInt64Data(1).addInt64Data(2))
                        .addInitializer(half)
                        .addInitializer(words))
                .graph()
                .initializers();
        List<StoredTensor> second = scan(GraphProto.newBuilder()
                        .addInitializer(ids.addInt64Data(1).addInt64Data(3))
                        .addInitializer(half)
                        .addInitializer(words))
                .graph()
                .initializers();
        assertThat(first).allMatch(StoredTensor::isOpaque).noneMatch(StoredTensor::isMergeable);
        assertThat(first.get(0).digest()).isNotEqualTo(second.get(0).digest());
        assertThat(first.get(1).digest()).isEqualTo(second.get(1).digest());
        assertThat(first.get(2).digest()).isEqualTo(second.get(2).digest());
    }

    @Test
    void refusesAWeightStoredNumberByNumberInAWayThatProtobufDoesNotWrite() throws Exception {
        TensorProto.Builder negative = TensorProto.newBuilder()
                .setName("w")
                .setDataType(Protos.FLOAT16)
                .addDims(17);
        for (int i = 0; i < 17; i++) {
            negative.addInt32Data(-i);
        }
        assertThat(refusal(GraphProto.newBuilder().addInitializer(negative)))
                .hasMessageContaining("'w' FLOAT16[17]")
                .hasMessageContaining("from_array");
    }

    @Test
    void refusesPartsOfTheFormatThatAreNotSupported() throws Exception {
        ModelProto model = Protos.model(GraphProto.newBuilder());
        assertThat(refusal(model.toBuilder()
                        .addTrainingInfo(TrainingInfoProto.newBuilder())
                        .build()))
                .hasMessageContaining("training");
        assertThat(refusal(GraphProto.newBuilder().addSparseInitializer(SparseTensorProto.newBuilder())))
                .hasMessageContaining("sparse");
        TensorProto w = Protos.floats("w", List.of(1L), 1);
        assertThat(refusal(GraphProto.newBuilder().addInitializer(w).addInitializer(w)))
                .hasMessageContaining("'w'");
        assertThat(refusal(GraphProto.newBuilder()
                        .addInitializer(w.toBuilder().clearDims().addDims(2))))
                .hasMessageContaining("holds 4 bytes instead of 8");
        assertThat(refusal(GraphProto.newBuilder()
                        .addInitializer(w.toBuilder().addDims(1L << 40).addDims(1L << 40))))
                .hasMessageContaining("more elements than any file");
        assertThat(refusal(GraphProto.newBuilder().addNode(node("Relu", "r", List.of("nowhere"), List.of("y")))))
                .hasMessageContaining("'nowhere'");
    }

    @Test
    void refusesNestingWithoutEnd() throws Exception {
        GraphProto graph = GraphProto.newBuilder().build();
        for (int i = 0; i < 200; i++) {
            graph = GraphProto.newBuilder()
                    .addNode(node("If", "", List.of(), List.of(), Protos.graph("then_branch", graph)))
                    .build();
        }
        assertThat(refusal(graph.toBuilder())).hasMessageContaining("nested");
    }

    @Test
    void findsTensorsBeyondTwoGigabytes() throws Exception {
        long hole = 3L << 30;
        TensorProto small = Protos.floats("w", List.of(2L), 4, 5);
        byte[] tail = GraphProto.newBuilder().addInitializer(small).build().toByteArray();
        byte[] head = varints(out -> {
            out.writeString(8, "big");
            out.writeInt32(2, Protos.FLOAT);
            out.writeInt64(1, hole / 4);
            out.writeTag(9, 2);
            out.writeUInt64NoTag(hole);
        });
        byte[] field = varints(out -> {
            out.writeTag(5, 2);
            out.writeUInt64NoTag(head.length + hole);
        });
        byte[] prefix = varints(out -> {
            out.writeInt64(1, 8);
            out.writeTag(7, 2);
            out.writeUInt64NoTag(field.length + head.length + hole + tail.length);
            out.writeRawBytes(field);
            out.writeRawBytes(head);
        });
        try (FileChannel channel = FileChannel.open(
                directory.resolve("model.onnx"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(prefix), 0);
            channel.write(ByteBuffer.wrap(tail), prefix.length + hole);
        }
        List<StoredTensor> tensors =
                OnnxScanner.scan(directory, "model.onnx").graph().initializers();
        assertThat(tensors.get(0).info().length()).isEqualTo(hole);
        assertThat(read(tensors.get(1).info())).containsExactly(4, 5);
        try (TensorReader reader = TensorReader.open(tensors.get(0).info())) {
            float[] last = {1};
            reader.read(hole / 4 - 1, last, 0, 1);
            assertThat(last).containsExactly(0);
        }
    }

    private interface Writing {
        void to(CodedOutputStream out) throws IOException;
    }

    private static byte[] varints(Writing writing) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance((OutputStream) bytes);
        writing.to(out);
        out.flush();
        return bytes.toByteArray();
    }

    private static GraphProto.Builder external(String location, long offset, @Nullable String length) {
        TensorProto.Builder tensor = Protos.external("w", List.of(2L), location, offset).toBuilder();
        if (length != null) {
            tensor.addExternalData(Protos.entry("length", length));
        }
        return GraphProto.newBuilder().addInitializer(tensor);
    }

    private void temporary() throws IOException {
        directory = Files.createTempDirectory("scanner");
        made = directory;
    }

    private OnnxModel scan(GraphProto.Builder graph) throws RejectedException, IOException {
        Protos.write(directory, "model.onnx", Protos.model(graph));
        return OnnxScanner.scan(directory, "model.onnx");
    }

    private RejectedException refusal(GraphProto.Builder graph) throws IOException {
        return refusal(Protos.model(graph));
    }

    private RejectedException refusal(ModelProto model) throws IOException {
        Protos.write(directory, "model.onnx", model);
        RejectedException refusal = refusal();
        assertThat(refusal.code()).isEqualTo(RejectionCode.NOT_ONNX);
        return refusal;
    }

    private RejectedException refusal() {
        return catchThrowableOfType(RejectedException.class, () -> ModelBundle.open(directory));
    }

    private static float[] read(TensorInfo tensor) throws IOException {
        float[] values = new float[(int) tensor.numel()];
        try (TensorReader reader = TensorReader.open(tensor)) {
            reader.read(0, values, 0, values.length);
        }
        return values;
    }

    private static GraphProto.Builder randomGraph(Random random, int depth, String prefix) {
        GraphProto.Builder graph = GraphProto.newBuilder().setName(prefix);
        List<String> values = new ArrayList<>();
        for (int i = 0; i <= random.nextInt(4); i++) {
            String name = prefix + "_w" + i;
            graph.addInitializer(Protos.random(name, random, random.nextInt(3), 1 + random.nextInt(9)));
            values.add(name);
        }
        for (int i = 0; i < random.nextInt(12); i++) {
            String output = prefix + "_v" + i;
            UnaryOperator<String> any = ignored -> values.get(random.nextInt(values.size()));
            NodeProto node =
                    switch (random.nextInt(depth > 0 ? 4 : 3)) {
                        case 0 -> Protos.constant(output, Protos.random("", random, 1 + random.nextInt(5)));
                        case 1 ->
                            node(
                                    "Op" + random.nextInt(5),
                                    "",
                                    List.of(any.apply(""), "", any.apply("")),
                                    List.of(output));
                        case 2 ->
                            node(
                                    "Cast",
                                    "node" + i,
                                    List.of(any.apply("")),
                                    List.of(output),
                                    Protos.ints("axes", random.nextLong(), -1));
                        default ->
                            node(
                                    "If",
                                    "",
                                    List.of(any.apply("")),
                                    List.of(output),
                                    Protos.graph(
                                            "then_branch",
                                            randomGraph(random, depth - 1, output + "t")
                                                    .build()));
                    };
            graph.addNode(node);
            values.add(output);
        }
        return graph.addOutput(Protos.value(values.get(values.size() - 1), Protos.FLOAT, -1, 3));
    }

    private static void assertSame(Graph index, GraphProto parsed) throws IOException {
        assertThat(index.name()).isEqualTo(parsed.getName());
        assertThat(index.outputs())
                .extracting(ValueInfo::name)
                .containsExactly(parsed.getOutput(0).getName());
        assertThat(index.outputs()).extracting(ValueInfo::type).containsExactly("tensor(FLOAT)[?,3]");
        assertThat(index.initializers()).hasSize(parsed.getInitializerCount());
        for (int i = 0; i < parsed.getInitializerCount(); i++) {
            assertSame(index.initializers().get(i), parsed.getInitializer(i));
        }
        assertThat(index.nodes()).hasSize(parsed.getNodeCount());
        for (int i = 0; i < parsed.getNodeCount(); i++) {
            Node node = index.nodes().get(i);
            NodeProto other = parsed.getNode(i);
            assertThat(node.opType()).isEqualTo(other.getOpType());
            assertThat(node.name()).isEqualTo(other.getName());
            assertThat(node.inputs()).isEqualTo(List.copyOf(other.getInputList()));
            assertThat(node.outputs()).isEqualTo(List.copyOf(other.getOutputList()));
            for (int j = 0; j < other.getAttributeCount(); j++) {
                Attribute attribute = node.attributes().get(j);
                assertThat(attribute.type())
                        .isEqualTo(other.getAttribute(j).getType().getNumber());
                if (other.getAttribute(j).hasT()) {
                    assertSame(attribute.tensors().get(0), other.getAttribute(j).getT());
                }
                if (other.getAttribute(j).hasG()) {
                    assertSame(attribute.graphs().get(0), other.getAttribute(j).getG());
                }
            }
        }
    }

    private static void assertSame(StoredTensor stored, TensorProto parsed) throws IOException {
        TensorInfo tensor = stored.info();
        assertThat(tensor.name()).isEqualTo(parsed.getName());
        assertThat(tensor.shape()).isEqualTo(List.copyOf(parsed.getDimsList()));
        byte[] bytes = Files.readAllBytes(tensor.file());
        assertThat(Arrays.copyOfRange(bytes, (int) tensor.offset(), (int) (tensor.offset() + tensor.length())))
                .isEqualTo(parsed.getRawData().toByteArray());
    }
}
