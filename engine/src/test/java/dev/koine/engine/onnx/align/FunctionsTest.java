package dev.koine.engine.onnx.align;

import static dev.koine.engine.onnx.Protos.node;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.onnx.BundleWriter;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.Protos;
import dev.koine.engine.tensor.Weight;
import dev.koine.engine.tensor.WeightRole;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Functions that a model defines are looked through, as if their nodes stood where they are called. */
class FunctionsTest {
    private static final String DOMAIN = "pkg.model";

    @TempDir
    Path directory;

    @Test
    void aMatrixThatIsPassedInIsLinear() throws Exception {
        ModelBundle bundle = open(passing(1));
        assertThat(bundle.weights())
                .extracting(Weight::key, Weight::role, Weight::position)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(
                                "model.onnx/w", WeightRole.LINEAR, "model.onnx:#0.Mlp/MatMul#0:1"),
                        org.assertj.core.groups.Tuple.tuple("model.onnx/g", WeightRole.OTHER, "model.onnx:/scale:1"));
        assertThat(Alignment.of(bundle, open(passing(2))).weights()).hasSize(2);
    }

    @Test
    void aConstantInTheBodyIsAWeight() throws Exception {
        ModelBundle base = open(holding(1, 1));
        assertThat(base.weights())
                .extracting(Weight::key, Weight::role)
                .contains(org.assertj.core.groups.Tuple.tuple("model.onnx/#0.Mlp/w", WeightRole.LINEAR));
        assertThat(Alignment.of(base, open(holding(2, 1))).weights()).hasSize(2);
        List<Weight> replaced = base.weights().stream()
                .filter(weight -> weight.key().endsWith("Mlp/w"))
                .toList();
        Path target = directory.resolve("merged");
        try (BundleWriter writer = BundleWriter.create(base, target, replaced)) {
            writer.write(
                    replaced.get(0), 0, new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, 0, 16);
        }
        ModelProto merged = ModelProto.parseFrom(Files.readAllBytes(target.resolve("model.onnx")));
        TensorProto written = merged.getFunctions(0).getNode(0).getAttribute(0).getT();
        assertThat(written.getRawData()
                        .asReadOnlyByteBuffer()
                        .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                        .getFloat(60))
                .isEqualTo(16);
    }

    @Test
    void aBodyThatIsCalledTwiceHasOneTensor() throws Exception {
        ModelBundle base = open(holding(1, 2));
        List<AlignedWeight> aligned = Alignment.of(base, open(holding(2, 2))).weights();
        assertThat(aligned).hasSize(2);
        assertThat(aligned.get(0).base())
                .extracting(Weight::key)
                .containsExactly("model.onnx/#0.Mlp/w", "model.onnx/#1.Mlp/w");
    }

    @Test
    void anInlinedExportIsTheSame() throws Exception {
        ModelProto inlined = Protos.model(GraphProto.newBuilder()
                .addInitializer(Protos.random("w", new Random(2), 4, 4))
                .addInitializer(Protos.random("g", new Random(3), 4))
                .addInput(Protos.value("x", Protos.FLOAT, -1, 4))
                .addNode(node("MatMul", "a", List.of("x", "w"), List.of("p")))
                .addNode(node("Relu", "b", List.of("p"), List.of("r")))
                .addNode(node("Mul", "c", List.of("r", "g"), List.of("y")))
                .addOutput(Protos.value("y", Protos.FLOAT, -1, 4)));
        assertThat(Alignment.of(open(passing(1)), open(inlined)).weights()).hasSize(2);
    }

    @Test
    void bodiesAreCompared() throws Exception {
        ModelProto.Builder other = passing(2).toBuilder();
        other.getFunctionsBuilder(0).getNodeBuilder(1).setOpType("Tanh");
        assertThat(refusal(passing(1), other.build()))
                .hasMessageContaining("#0.Mlp/#1")
                .hasMessageContaining("(Tanh)");
        ModelProto.Builder opset = passing(2).toBuilder();
        opset.getFunctionsBuilder(0)
                .setOpsetImport(0, OperatorSetIdProto.newBuilder().setVersion(12));
        assertThat(refusal(passing(1), opset.build()))
                .hasMessageContaining("ai.onnx in version 17 in the base and 12 and 17 in the expert");
    }

    @Test
    void attributesOfACallReachTheBody() throws Exception {
        assertThat(Alignment.of(open(scaled(2f, null)), open(scaled(2f, null))).weights())
                .isEmpty();
        assertThat(Alignment.of(open(scaled(2f, null)), open(scaled(null, 2f))).weights())
                .isEmpty();
        assertThat(refusal(scaled(2f, null), scaled(3f, null))).hasMessageContaining("'alpha' differs");
        assertThat(refusal(scaled(2f, null), scaled(null, 3f))).hasMessageContaining("'alpha' differs");
        assertThat(refusal(scaled(2f, null), scaled(null, null))).hasMessageContaining("other attributes");
    }

    @Test
    void aCallMayLeaveOutAnInput() throws Exception {
        FunctionProto function = function(
                        "Clamp", List.of("a", "low"), List.of("b"), node("Clip", "", List.of("a", "low"), List.of("b")))
                .build();
        ModelProto model = model(List.of(function), call("Clamp", List.of("x"), "y"));
        assertThat(Alignment.of(open(model), open(model)).weights()).isEmpty();
        assertThat(refusal(model, model(List.of(function), call("Clamp", List.of("x", "x"), "y"))))
                .hasMessageContaining("input 1");
    }

    @Test
    void quantisedWeightsInABodyAreFound() throws Exception {
        FunctionProto function = function(
                        "Q", List.of("a"), List.of("b"), node("MatMulInteger", "q", List.of("a", "a"), List.of("b")))
                .build();
        assertThat(open(model(List.of(function), call("Q", List.of("x"), "y"))).quantization())
                .hasValueSatisfying(text -> assertThat(text).contains("MatMulInteger"));
    }

    @Test
    void functionsWithoutEndAreRefused() {
        FunctionProto self = function("F", List.of("a"), List.of("b"), call("F", List.of("a"), "b"))
                .build();
        RejectedException endless = catchThrowableOfType(
                RejectedException.class, () -> open(model(List.of(self), call("F", List.of("x"), "y"))));
        assertThat(endless.code()).isEqualTo(RejectionCode.NOT_ONNX);
        assertThat(endless).hasMessageContaining("more than 16 deep");

        List<FunctionProto> doubling = new ArrayList<>();
        for (int i = 0; i < 14; i++) {
            List<NodeProto> body = new ArrayList<>();
            for (int j = 0; j < 8; j++) {
                body.add(call("F" + (i + 1), List.of("a"), "b" + j));
            }
            doubling.add(function("F" + i, List.of("a"), List.of("b0"), body.toArray(new NodeProto[0]))
                    .build());
        }
        doubling.add(function("F14", List.of("a"), List.of("b"), node("Relu", "", List.of("a"), List.of("b")))
                .build());
        RejectedException many = catchThrowableOfType(
                RejectedException.class, () -> open(model(doubling, call("F0", List.of("x"), "y"))));
        assertThat(many).hasMessageContaining("take more than");
    }

    @Test
    void subgraphsOfABodyCountAtEachCall() {
        GraphProto.Builder branch = GraphProto.newBuilder();
        for (int i = 0; i < 2000; i++) {
            branch.addNode(node("Relu", "", List.of("a"), List.of("r" + i)));
        }
        branch.addOutput(Protos.value("r0", Protos.FLOAT, -1, 4));
        FunctionProto function = function(
                        "F",
                        List.of("a"),
                        List.of("b"),
                        node("If", "", List.of("a"), List.of("b"), Protos.graph("then_branch", branch.build())))
                .build();
        NodeProto[] calls = new NodeProto[500];
        for (int i = 0; i < calls.length; i++) {
            calls[i] = call("F", List.of("x"), i == 0 ? "r" : "r" + i);
        }
        assertThat(catchThrowableOfType(
                        RejectedException.class, () -> open(model(List.of(function), 1, List.of(), calls))))
                .hasMessageContaining("take more than");
    }

    private static ModelProto passing(long seed) {
        FunctionProto function = function(
                        "Mlp",
                        List.of("X", "W"),
                        List.of("Y"),
                        node("MatMul", "", List.of("X", "W"), List.of("P")),
                        node("Relu", "", List.of("P"), List.of("Y")))
                .build();
        return model(
                List.of(function),
                seed,
                List.of(Protos.random("w", new Random(seed), 4, 4)),
                call("Mlp", List.of("x", "w"), "r"));
    }

    private static ModelProto holding(long seed, int calls) {
        FunctionProto function = function(
                        "Mlp",
                        List.of("X"),
                        List.of("Y"),
                        Protos.constant("w", Protos.random("", new Random(seed), 4, 4)),
                        node("MatMul", "", List.of("X", "w"), List.of("P")),
                        node("Relu", "", List.of("P"), List.of("Y")))
                .build();
        NodeProto[] nodes = calls == 1
                ? new NodeProto[] {call("Mlp", List.of("x"), "r")}
                : new NodeProto[] {call("Mlp", List.of("x"), "m"), call("Mlp", List.of("m"), "r")};
        return model(List.of(function), seed, List.of(), nodes);
    }

    private static ModelProto model(
            List<FunctionProto> functions, long seed, List<TensorProto> tensors, NodeProto... calls) {
        return Protos.model(GraphProto.newBuilder()
                        .addAllInitializer(tensors)
                        .addInitializer(Protos.random("g", new Random(seed + 1), 4))
                        .addInput(Protos.value("x", Protos.FLOAT, -1, 4))
                        .addAllNode(List.of(calls))
                        .addNode(node("Mul", "/scale", List.of("r", "g"), List.of("y")))
                        .addOutput(Protos.value("y", Protos.FLOAT, -1, 4)))
                .toBuilder()
                .addAllFunctions(functions)
                .build();
    }

    private static ModelProto scaled(@Nullable Float given, @Nullable Float byDefault) {
        AttributeProto reference = AttributeProto.newBuilder()
                .setName("alpha")
                .setType(AttributeProto.AttributeType.FLOAT)
                .setRefAttrName("slope")
                .build();
        FunctionProto.Builder function = function(
                "Leaky", List.of("a"), List.of("b"), node("LeakyRelu", "", List.of("a"), List.of("b"), reference));
        if (byDefault != null) {
            function.addAttributeProto(slope(byDefault));
        }
        NodeProto.Builder call = call("Leaky", List.of("x"), "y").toBuilder();
        if (given != null) {
            call.addAttribute(slope(given));
        }
        return model(List.of(function.build()), call.build());
    }

    private static AttributeProto slope(float value) {
        return AttributeProto.newBuilder()
                .setName("slope")
                .setType(AttributeProto.AttributeType.FLOAT)
                .setF(value)
                .build();
    }

    private static ModelProto model(List<FunctionProto> functions, NodeProto call) {
        return Protos.model(GraphProto.newBuilder()
                        .addInput(Protos.value("x", Protos.FLOAT, -1, 4))
                        .addNode(call)
                        .addOutput(Protos.value("y", Protos.FLOAT, -1, 4)))
                .toBuilder()
                .addAllFunctions(functions)
                .build();
    }

    private static FunctionProto.Builder function(
            String name, List<String> inputs, List<String> outputs, NodeProto... nodes) {
        return FunctionProto.newBuilder()
                .setName(name)
                .setDomain(DOMAIN)
                .addAllInput(inputs)
                .addAllOutput(outputs)
                .addAllNode(List.of(nodes))
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17));
    }

    private static NodeProto call(String name, List<String> inputs, String output) {
        return node(name, "", inputs, List.of(output)).toBuilder()
                .setDomain(DOMAIN)
                .build();
    }

    private RejectedException refusal(ModelProto base, ModelProto expert) {
        return catchThrowableOfType(RejectedException.class, () -> Alignment.of(open(base), open(expert)));
    }

    private ModelBundle open(ModelProto model) throws RejectedException, IOException {
        Path bundle = Files.createTempDirectory(directory, "bundle");
        Protos.write(bundle, "model.onnx", model);
        return ModelBundle.open(bundle);
    }
}
