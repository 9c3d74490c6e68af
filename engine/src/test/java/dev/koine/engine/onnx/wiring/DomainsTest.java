package dev.koine.engine.onnx.wiring;

import static dev.koine.engine.onnx.Protos.floats;
import static dev.koine.engine.onnx.Protos.node;
import static dev.koine.engine.onnx.Protos.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.Protos;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.tensor.WeightRole;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which tensors are variances, which are settings, and which are weights like any other. */
class DomainsTest {
    private static final float[] SOME = {1, 2, 3};
    private static final float[] ONE = {0.5f};

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({"0, OTHER", "1, OTHER", "2, OTHER", "3, VARIANCE"})
    void aBatchNormalizationHasItsVarianceLast(int which, WeightRole role) throws Exception {
        List<String> inputs = new ArrayList<>(List.of("x", "p", "q", "r", "s"));
        inputs.set(1 + which, "t");
        assertThat(role(SOME, node("BatchNormalization", "/bn", inputs, List.of("y"))))
                .isEqualTo(role);
    }

    @Test
    void whatARootIsTakenOfIsAVarianceInAnyLayout() throws Exception {
        assertThat(role(SOME, node("Sqrt", "", List.of("t"), List.of("y")))).isEqualTo(WeightRole.VARIANCE);
        assertThat(role(SOME, node("Log", "", List.of("t"), List.of("y")))).isEqualTo(WeightRole.VARIANCE);
        assertThat(role(
                        SOME,
                        node("Unsqueeze", "", List.of("t", "axes"), List.of("a")),
                        node("Add", "", List.of("eps", "a"), List.of("b")),
                        node("Cast", "", List.of("b"), List.of("c"), Protos.integer("to", 1)),
                        node("Sqrt", "", List.of("c"), List.of("d")),
                        node("Reciprocal", "", List.of("d"), List.of("y"))))
                .isEqualTo(WeightRole.VARIANCE);
        assertThat(role(SOME, node("Reciprocal", "", List.of("t"), List.of("y"))))
                .isEqualTo(WeightRole.OTHER);
        assertThat(role(
                        SOME,
                        node("Add", "", List.of("x", "t"), List.of("a")),
                        node("Sqrt", "", List.of("a"), List.of("y"))))
                .as("a shift of an activation")
                .isEqualTo(WeightRole.OTHER);
        assertThat(role(
                        SOME,
                        node("Clip", "", List.of("t", "eps"), List.of("a")),
                        node("Sqrt", "", List.of("a"), List.of("y"))))
                .as("the graph keeps it in its range")
                .isEqualTo(WeightRole.OTHER);
    }

    @ParameterizedTest
    @CsvSource({"0.5, VARIANCE", "-0.5, VARIANCE", "2, OTHER", "-1, OTHER"})
    void aBrokenPowerIsARoot(float exponent, WeightRole role) throws Exception {
        NodeProto power = node("Pow", "", List.of("t", "e"), List.of("y"));
        assertThat(roleWith(new float[] {exponent}, SOME, power)).isEqualTo(role);
    }

    @ParameterizedTest
    @CsvSource({
        "Clip, x t, SETTING",
        "Clip, x eps t, SETTING",
        "Resize, x t, SETTING",
        "Resize, x '' t, SETTING",
        "Upsample, x t, SETTING",
        "Dropout, x t, SETTING",
        "Pad, x axes t, SETTING",
        "Range, x t x, SETTING",
        "OneHot, x axes t, SETTING",
        "NonMaxSuppression, x x x t, SETTING",
        "QuantizeLinear, x t, SETTING",
        "Pow, x t, OTHER",
        "Div, x t, OTHER",
        "Mul, x t, OTHER",
        "PRelu, x t, OTHER"
    })
    void settingsAreInOneTable(String operator, String inputs, WeightRole role) throws Exception {
        List<String> names = List.of(inputs.replace("''", "").split(" ", -1));
        assertThat(role(ONE, node(operator, "", names, List.of("y")))).isEqualTo(role);
        assertThat(role(
                        ONE,
                        node("Identity", "", List.of("t"), List.of("u")),
                        node(
                                operator,
                                "",
                                names.stream()
                                        .map(name -> name.equals("t") ? "u" : name)
                                        .toList(),
                                List.of("y"))))
                .isEqualTo(role);
    }

    @Test
    void anEpsilonUnderARootIsASetting() throws Exception {
        NodeProto[] root = {
            node("Add", "", List.of("x", "t"), List.of("a")), node("Sqrt", "", List.of("a"), List.of("y"))
        };
        assertThat(role(ONE, root)).isEqualTo(WeightRole.SETTING);
        assertThat(role(ONE, node("Add", "", List.of("x", "t"), List.of("y")))).isEqualTo(WeightRole.OTHER);
    }

    @Test
    void anExpertWithAnotherSettingIsRefused() throws Exception {
        NodeProto clip = node("Clip", "/clip", List.of("x", "t"), List.of("y"));
        Path base = write(ONE, ONE, clip);
        Alignment.of(ModelBundle.open(base), ModelBundle.open(write(ONE, ONE, clip)));
        Path other = write(ONE, new float[] {0.6f}, clip);
        RejectedException refusal = catchThrowableOfType(
                RejectedException.class, () -> Alignment.of(ModelBundle.open(base), ModelBundle.open(other)));
        assertThat(refusal.code()).isEqualTo(RejectionCode.TENSOR_MISMATCH);
        assertThat(refusal)
                .hasMessageContaining("'t' of the base, at 'm.onnx:/clip:1'")
                .hasMessageContaining("the configuration of the base");
    }

    private WeightRole role(float[] values, NodeProto... nodes) throws Exception {
        return roleWith(ONE, values, nodes);
    }

    private WeightRole roleWith(float[] exponent, float[] values, NodeProto... nodes) throws Exception {
        return ModelBundle.open(write(exponent, values, nodes)).weights().stream()
                .filter(weight -> weight.tensor().name().equals("t"))
                .findFirst()
                .orElseThrow()
                .role();
    }

    private Path write(float[] exponent, float[] values, NodeProto... nodes) throws Exception {
        GraphProto.Builder graph = GraphProto.newBuilder()
                .setName("g")
                .addInput(value("x", Protos.FLOAT, -1, 3))
                .addOutput(value("y", Protos.FLOAT, -1, 3))
                .addInitializer(floats("t", List.of((long) values.length), values))
                .addInitializer(floats("e", List.of(), exponent))
                .addInitializer(floats("eps", List.of(), 1e-5f))
                .addInitializer(Protos.longs("axes", 0));
        for (String name : List.of("p", "q", "r", "s")) {
            graph.addInitializer(floats(name, List.of(3L), 4, 5, 6));
        }
        graph.addAllNode(List.of(nodes));
        Path directory = Files.createTempDirectory(folder, "model");
        Protos.write(directory, "m.onnx", Protos.model(graph));
        return directory;
    }
}
