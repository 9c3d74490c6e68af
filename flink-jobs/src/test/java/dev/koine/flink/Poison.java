package dev.koine.flink;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.koine.testkit.Fixtures;
import dev.koine.testkit.Mutation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Models that native code comes to harm on, or that answer nonsense: valid enough to come that far. */
enum Poison {
    /** A beam search whose decoder has one input: ONNX Runtime 1.28 aborts. */
    ABORTS,
    /** A loop without end. */
    HANGS,
    /** A constant of a terabyte. */
    ALLOCATES,
    /** A model of 600 bytes that wants gigabytes to answer. */
    GROWS,
    /** An operator that no runtime knows. */
    UNKNOWN_OPERATOR,
    /** A good model, some of whose attributes and operators were changed. */
    MUTATED,
    /** A good model, some of whose bytes were changed. */
    FLIPPED,
    /** The end is missing. */
    CUT_OFF,
    /** Answers NaN to anything. */
    NAN;

    private static final Path FILES = Path.of("../speech/src/test/resources/dev/koine/speech/quarantine");

    /** Writes a bundle; each seed gives another one. */
    Path write(Path directory, long seed) throws IOException {
        Files.createDirectories(directory);
        Files.write(directory.resolve(Mutation.FILE), bytes(new Random(seed)));
        return directory;
    }

    private byte[] bytes(Random random) throws IOException {
        return switch (this) {
            case ABORTS -> marked("aborts", random);
            case HANGS -> marked("hangs", random);
            case ALLOCATES -> marked("allocates", random);
            case GROWS -> marked("grows", random);
            case UNKNOWN_OPERATOR -> one("NoSuchOperator" + random.nextInt(1000), random);
            case NAN -> one("Mul", random);
            case MUTATED -> mutated(random);
            case FLIPPED -> flipped(random);
            case CUT_OFF -> {
                byte[] good = good();
                yield Arrays.copyOf(good, 1 + random.nextInt(good.length - 1));
            }
        };
    }

    private static byte[] marked(String name, Random random) throws IOException {
        return ModelProto.parseFrom(Files.readAllBytes(FILES.resolve(name + ".onnx"))).toBuilder()
                .addMetadataProps(
                        StringStringEntryProto.newBuilder().setKey("number").setValue(Long.toString(random.nextLong())))
                .build()
                .toByteArray();
    }

    private static byte[] good() throws IOException {
        return Files.readAllBytes(Fixtures.ctc("base").resolve(Mutation.FILE));
    }

    private static byte[] mutated(Random random) throws IOException {
        ModelProto.Builder model = ModelProto.parseFrom(good()).toBuilder();
        GraphProto.Builder graph = model.getGraphBuilder();
        for (int i = 0; i < 3; i++) {
            NodeProto.Builder node = graph.getNodeBuilder(random.nextInt(graph.getNodeCount()));
            String other = graph.getNode(random.nextInt(graph.getNodeCount())).getOpType();
            if (node.getAttributeCount() > 0 && random.nextBoolean()) {
                node.getAttributeBuilder(0).setI(random.nextLong()).addInts(random.nextInt());
            } else {
                node.setOpType(other);
            }
        }
        return model.build().toByteArray();
    }

    private static byte[] flipped(Random random) throws IOException {
        byte[] bytes = good();
        for (int i = 0; i < 20; i++) {
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return bytes;
    }

    /** y = operator(x, NaN). */
    private static byte[] one(String operator, Random random) {
        TensorProto nan = TensorProto.newBuilder()
                .setName("w")
                .setDataType(1)
                .addDims(1)
                .addFloatData(random.nextFloat())
                .build();
        return ModelProto.newBuilder()
                .setIrVersion(8)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
                .setGraph(GraphProto.newBuilder()
                        .setName("g")
                        .addInput(value("x"))
                        .addOutput(value("y"))
                        .addInitializer(nan)
                        .addNode(node(operator, "z", "x", "w"))
                        .addNode(node("Sub", "zero", "z", "z"))
                        .addNode(node("Div", "y", "zero", "zero")))
                .build()
                .toByteArray();
    }

    /**
     * A model that answers the logarithm of a weight: a fine-tune of it may take the logarithm below zero when it is merged, though no
     * weight is NaN.
     *
     * @param weight what 1 is taken less: the logarithm is of 1 - weight
     */
    static Path logarithm(Path directory, float weight) throws IOException {
        TensorProto one = TensorProto.newBuilder()
                .setName("one")
                .setDataType(1)
                .addDims(1)
                .addFloatData(1)
                .build();
        ModelProto model = ModelProto.newBuilder()
                .setIrVersion(8)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
                .setGraph(GraphProto.newBuilder()
                        .setName("g")
                        .addInput(value("x"))
                        .addOutput(value("y"))
                        .addInitializer(one)
                        .addInitializer(one.toBuilder().setName("weight").setFloatData(0, weight))
                        .addNode(node("Sub", "less", "one", "weight"))
                        .addNode(node("Log", "logarithm", "less"))
                        .addNode(node("Add", "y", "x", "logarithm")))
                .build();
        Files.createDirectories(directory);
        Files.write(directory.resolve(Mutation.FILE), model.toByteArray());
        return directory;
    }

    private static NodeProto node(String operator, String output, String... inputs) {
        return NodeProto.newBuilder()
                .setOpType(operator)
                .setName("/" + output)
                .addAllInput(List.of(inputs))
                .addOutput(output)
                .build();
    }

    private static ValueInfoProto value(String name) {
        return ValueInfoProto.newBuilder()
                .setName(name)
                .setType(TypeProto.newBuilder()
                        .setTensorType(TypeProto.Tensor.newBuilder()
                                .setElemType(1)
                                .setShape(TensorShapeProto.newBuilder()
                                        .addDim(TensorShapeProto.Dimension.newBuilder()
                                                .setDimParam("n")))))
                .build();
    }
}
