package dev.koine.flink.harness;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import dev.koine.testkit.Fixtures;
import dev.koine.testkit.HarmfulModel;
import dev.koine.testkit.Mutation;
import dev.koine.testkit.TinyOnnx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;

/** Models that native code comes to harm on, or that answer nonsense: valid enough to come that far. */
public enum Poison {
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

    /** Writes a bundle; each seed gives another one. */
    public Path write(Path directory, long seed) throws IOException {
        Files.createDirectories(directory);
        Files.write(directory.resolve(Mutation.FILE), bytes(new Random(seed)));
        return directory;
    }

    private byte[] bytes(Random random) throws IOException {
        return switch (this) {
            case ABORTS -> marked(HarmfulModel.ABORTS, random);
            case HANGS -> marked(HarmfulModel.HANGS, random);
            case ALLOCATES -> marked(HarmfulModel.ALLOCATES, random);
            case GROWS -> marked(HarmfulModel.GROWS, random);
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

    private static byte[] marked(HarmfulModel model, Random random) throws IOException {
        return ModelProto.parseFrom(model.bytes()).toBuilder()
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

    /** y = 0 / 0, of the shape of operator(x, w). */
    private static byte[] one(String operator, Random random) {
        return new TinyOnnx()
                .floatInput("x", "n")
                .output("y", "n")
                .floats("w", random.nextFloat())
                .node(operator, "z", "x", "w")
                .node("Sub", "zero", "z", "z")
                .node("Div", "y", "zero", "zero")
                .bytes();
    }

    /**
     * A model that answers the logarithm of a weight: a fine-tune of it may take the logarithm below zero when it is merged, though no
     * weight is NaN.
     *
     * @param weight what 1 is taken less: the logarithm is of 1 - weight
     */
    public static Path logarithm(Path directory, float weight) throws IOException {
        Files.createDirectories(directory);
        new TinyOnnx()
                .floatInput("x", "n")
                .output("y", "n")
                .floats("one", 1)
                .floats("weight", weight)
                .node("Sub", "less", "one", "weight")
                .node("Log", "logarithm", "less")
                .node("Add", "y", "x", "logarithm")
                .write(directory.resolve(Mutation.FILE));
        return directory;
    }
}
