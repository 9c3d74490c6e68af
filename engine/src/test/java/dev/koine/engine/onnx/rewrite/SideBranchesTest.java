package dev.koine.engine.onnx.rewrite;

import static dev.koine.engine.onnx.Protos.node;
import static dev.koine.engine.onnx.Protos.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.groups.Tuple.tuple;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.koine.engine.RejectedException;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.Protos;
import dev.koine.engine.onnx.rewrite.SideBranches.Branched;
import dev.koine.engine.onnx.rewrite.SideBranches.Plan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SideBranchesTest {
    private static final int WIDTH = 6;

    @TempDir
    Path folder;

    private static GraphProto.Builder graph(long... outputShape) {
        Random random = new Random(1);
        return GraphProto.newBuilder()
                .setName("g")
                .addInput(value("x", Protos.FLOAT, -1, -1, WIDTH))
                .addOutput(value("y", Protos.FLOAT, outputShape))
                .addInitializer(Protos.random("w", random, WIDTH, 4))
                .addInitializer(Protos.random("v", random, 4, WIDTH))
                .addInitializer(Protos.random("bias", random, 4))
                .addInitializer(Protos.random("one", random, 1));
    }

    private static List<NodeProto> nodes() {
        return List.of(
                node("MatMul", "/w", List.of("x", "w"), List.of("a")),
                node("Add", "/bias", List.of("bias", "a"), List.of("b")),
                node("Mul", "/one", List.of("b", "one"), List.of("c")),
                node("MatMul", "/v", List.of("c", "v"), List.of("d")),
                node("Relu", "/relu", List.of("d"), List.of("y")));
    }

    private ModelBundle write(ModelProto model) throws IOException, RejectedException {
        Protos.write(folder, "model.onnx", model);
        return ModelBundle.open(folder);
    }

    @ParameterizedTest
    @EnumSource
    void whatWasThereStaysByteForByteAndANodeOnlyChangesTheNamesOfItsValues(Form form) throws Exception {
        ModelProto before = Protos.model(graph(-1, -1, WIDTH).addAllNode(nodes()));
        Branched branched =
                SideBranches.of(write(before), new Plan(form, 5, 3, "language")).get(0);
        Path out = folder.resolve("out");
        ModelRewriter.write(folder.resolve("model.onnx"), branched.edit(), out);
        ModelProto after = ModelProto.parseFrom(Files.readAllBytes(out));

        GraphProto graph = after.getGraph();
        assertThat(graph.getInitializerList()).containsAll(before.getGraph().getInitializerList());
        assertThat(after.toBuilder().clearGraph().build())
                .isEqualTo(before.toBuilder().clearGraph().build());
        for (NodeProto node : before.getGraph().getNodeList()) {
            assertThat(graph.getNodeList())
                    .filteredOn(one -> one.getName().equals(node.getName()))
                    .singleElement()
                    .satisfies(one -> assertThat(
                                    one.toBuilder().clearInput().clearOutput().build())
                            .isEqualTo(
                                    node.toBuilder().clearInput().clearOutput().build()));
        }
        assertThat(graph.getOutputList()).isEqualTo(before.getGraph().getOutputList());
        assertThat(graph.getInput(graph.getInputCount() - 1).getName()).isEqualTo("language");
        assertThat(graph.getInitializerList())
                .filteredOn(tensor -> tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL)
                .extracting(TensorProto::getName, TensorProto::getDimsList)
                .containsExactly(
                        tuple("koine.table.LEFT.FLOAT.3:model.onnx/w", List.of(5L, 6L, 3L)),
                        tuple("koine.table.RIGHT.FLOAT.3:model.onnx/w", List.of(5L, 3L, 4L)),
                        tuple(
                                "koine.table.VECTOR.FLOAT." + (form == Form.CALL ? 2 : 3) + ":model.onnx/bias",
                                form == Form.CALL ? List.of(5L, 4L) : List.of(5L, 1L, 4L)),
                        tuple("koine.table.LEFT.FLOAT.3:model.onnx/v", List.of(5L, 4L, 3L)),
                        tuple("koine.table.RIGHT.FLOAT.3:model.onnx/v", List.of(5L, 3L, 6L)));
        requireInOrder(graph);
    }

    /** As ONNX asks for: each node behind what it reads. */
    private static void requireInOrder(GraphProto graph) {
        List<String> known = new ArrayList<>(List.of(""));
        graph.getInitializerList().forEach(tensor -> known.add(tensor.getName()));
        graph.getInputList().forEach(input -> known.add(input.getName()));
        for (NodeProto node : graph.getNodeList()) {
            assertThat(known).as(node.getName()).containsAll(node.getInputList());
            assertThat(known).doesNotContainAnyElementsOf(node.getOutputList());
            known.addAll(node.getOutputList());
        }
    }

    @Test
    void theSameEditGivesTheSameBytes() throws Exception {
        ModelBundle base = write(Protos.model(graph(-1, -1, WIDTH).addAllNode(nodes())));
        for (String name : List.of("a", "b")) {
            Branched branched = SideBranches.of(base, new Plan(Form.BATCH, 5, 3, "language"))
                    .get(0);
            ModelRewriter.write(folder.resolve("model.onnx"), branched.edit(), folder.resolve(name));
        }
        assertThat(folder.resolve("a")).hasSameBinaryContentAs(folder.resolve("b"));
    }

    @Test
    void aRowForEachEntryOfABatchNeedsThreeAxes() throws Exception {
        ModelBundle base = write(Protos.model(graph(-1, WIDTH).addAllNode(nodes())));
        assertThatThrownBy(() -> SideBranches.of(base, new Plan(Form.BATCH, 2, 2, "language")))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("fewer than three axes");
        assertThat(SideBranches.of(base, new Plan(Form.CALL, 2, 2, "language"))).hasSize(1);
    }

    @Test
    void aWeightThatAFunctionMultipliesWithHasNoTable() throws Exception {
        FunctionProto linear = FunctionProto.newBuilder()
                .setName("Linear")
                .setDomain("local")
                .addInput("in")
                .addInput("matrix")
                .addOutput("out")
                .addNode(node("MatMul", "/inner", List.of("in", "matrix"), List.of("out")))
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
                .build();
        NodeProto call = node("Linear", "/call", List.of("x", "w"), List.of("a")).toBuilder()
                .setDomain("local")
                .build();
        List<NodeProto> nodes = new ArrayList<>(nodes());
        nodes.set(0, call);
        ModelProto model = Protos.model(graph(-1, -1, WIDTH).addAllNode(nodes)).toBuilder()
                .addOpsetImport(
                        OperatorSetIdProto.newBuilder().setDomain("local").setVersion(1))
                .addFunctions(linear)
                .build();
        assertThat(SideBranches.of(write(model), new Plan(Form.CALL, 2, 2, "language"))
                        .get(0)
                        .tables())
                .extracting(Table::weight)
                .containsExactly("model.onnx/bias", "model.onnx/v", "model.onnx/v");
    }
}
