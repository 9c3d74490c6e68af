package dev.koine.engine.statistics;

import static dev.koine.engine.onnx.Protos.graph;
import static dev.koine.engine.onnx.Protos.integer;
import static dev.koine.engine.onnx.Protos.ints;
import static dev.koine.engine.onnx.Protos.node;
import static dev.koine.engine.onnx.Protos.value;
import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.Protos;
import dev.koine.engine.onnx.TinySpeech;
import dev.koine.engine.onnx.wiring.Window;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LayerInputsTest {
    @TempDir
    Path folder;

    private final Random random = new Random(7);

    /** A graph of one input {@code x} of 4 numbers and an output {@code y}. */
    private final GraphProto.Builder graph = GraphProto.newBuilder()
            .setName("main")
            .addInput(value("x", Protos.FLOAT, -1, 4))
            .addOutput(value("y", Protos.FLOAT, -1, -1, -1, -1));

    @Test
    void aProductOfMatricesSaysWhichSideTheOutputsAreOn() throws Exception {
        weight("plain", 4, 3);
        weight("gemm", 4, 3);
        weight("turned", 3, 4);
        weight("cast", 3, 4);
        add(node("MatMul", "a", List.of("x", "plain"), List.of("a")));
        add(node("Gemm", "b", List.of("x", "gemm"), List.of("b"), integer("transB", 0)));
        add(node("Gemm", "c", List.of("x", "turned"), List.of("c"), integer("transB", 1), real("alpha", 1)));
        add(node("Cast", "d0", List.of("cast"), List.of("d0"), integer("to", 1)));
        add(node("Transpose", "d1", List.of("d0"), List.of("d1"), ints("perm", 1, 0)));
        add(node("MatMul", "d", List.of("x", "d1"), List.of("d")));
        assertThat(orientations())
                .isEqualTo(Map.of("model.onnx/x", Map.of("plain", false, "gemm", false, "turned", true, "cast", true)));
    }

    @Test
    void aConvolutionKeepsWhatLiesUnderItsWindow() throws Exception {
        weight("one", 5, 2, 3);
        weight("two", 5, 2, 3, 2);
        weight("deep", 2, 1, 3);
        add(node(
                "Conv",
                "a",
                List.of("x", "one"),
                List.of("a"),
                ints("kernel_shape", 3),
                ints("pads", 1, 2),
                ints("strides", 2),
                ints("dilations", 4)));
        add(node("Conv", "b", List.of("x", "two"), List.of("b"), integer("group", 1)));
        add(node("Conv", "c", List.of("x", "deep"), List.of("c"), integer("group", 2)));
        List<Activation> found = LayerInputs.activations(bundle());
        assertThat(found).extracting(Activation::value).containsExactly("x", "x");
        assertThat(found).extracting(activation -> activation.input().size()).containsExactly(6, 12);
        assertThat(found)
                .extracting(activation -> activation.window().orElseThrow())
                .containsExactly(
                        new Window(List.of(3), List.of(2), List.of(1, 2), List.of(4)),
                        new Window(List.of(3, 2), List.of(1, 1), List.of(0, 0, 0, 0), List.of(1, 1)));
        assertThat(orientations())
                .isEqualTo(Map.of(
                        "model.onnx/x:conv(3;2;1,2;4)",
                        Map.of("one", true),
                        "model.onnx/x:conv(3,2;1,1;0,0,0,0;1,1)",
                        Map.of("two", true)));
    }

    @Test
    void whatIsNoPlainProductIsLeftOut() throws Exception {
        for (String name : List.of("left", "added", "first", "alpha", "shared", "inner", "kept", "batched")) {
            weight(name, 4, 4);
        }
        weight("stack", 2, 4, 4);
        weight("padded", 5, 2, 3);
        add(node("MatMul", "a", List.of("left", "x"), List.of("a")));
        add(node("Add", "b0", List.of("added", "x"), List.of("b0")));
        add(node("MatMul", "b", List.of("x", "added"), List.of("b")));
        add(node("Gemm", "c", List.of("x", "first"), List.of("c"), integer("transA", 1)));
        add(node("Gemm", "d", List.of("x", "alpha"), List.of("d"), real("alpha", 2)));
        add(node("MatMul", "e", List.of("x", "shared"), List.of("e")));
        add(node("MatMul", "f", List.of("e", "shared"), List.of("f")));
        add(node("MatMul", "g", List.of("x", "stack"), List.of("g")));
        add(node("Conv", "h", List.of("x", "padded"), List.of("h"), text("auto_pad", "SAME_UPPER")));
        add(node(
                "If",
                "i",
                List.of("condition"),
                List.of("i"),
                graph("then_branch", branch("inner")),
                graph("else_branch", branch("inner"))));
        graph.addInput(value("condition", 9));
        add(node("Identity", "j", List.of("x"), List.of("z")));
        add(node("MatMul", "k", List.of("z", "kept"), List.of("k")));
        assertThat(orientations()).isEqualTo(Map.of("model.onnx/z", Map.of("kept", false)));
    }

    @Test
    void anInputOfSeveralMatricesIsOneAndInTheOrderOfTheWeights() throws Exception {
        for (String name : List.of("q", "k", "v", "out")) {
            weight(name, 4, 4);
        }
        add(node("MatMul", "q/MatMul", List.of("x", "q"), List.of("q1")));
        add(node("MatMul", "k/MatMul", List.of("x", "k"), List.of("k1")));
        add(node("Mul", "Mul", List.of("q1", "k1"), List.of("m")));
        add(node("MatMul", "out/MatMul", List.of("m", "out"), List.of("o")));
        add(node("MatMul", "v/MatMul", List.of("x", "v"), List.of("v1")));
        List<LayerInput> inputs = LayerInputs.of(bundle());
        assertThat(inputs).extracting(LayerInput::key).containsExactly("model.onnx/x", "model.onnx/m");
        assertThat(inputs.get(0).layers())
                .extracting(layer -> layer.weight().tensor().name())
                .containsExactly("q", "k", "v");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aProjectionToTheVocabularyIsThereUnlessAnEmbeddingHasItsShape(boolean isTied) throws Exception {
        TinySpeech speech = new TinySpeech(2, 3);
        if (!isTied) {
            speech.put(Protos.random("proj", random, TinySpeech.WIDTH, TinySpeech.VOCABULARY + 1L));
        }
        Protos.write(folder, "model.onnx", speech.export());
        List<String> keys = LayerInputs.of(ModelBundle.open(folder)).stream()
                .map(LayerInput::key)
                .toList();
        assertThat(keys)
                .isEqualTo(
                        isTied
                                ? List.of("model.onnx/x0", "model.onnx/x1")
                                : List.of("model.onnx/x0", "model.onnx/x1", "model.onnx/x2"));
    }

    @Test
    void theSameBytesInAnotherFileAreTheSameLayer() throws Exception {
        TensorProto matrix = Protos.random("w", random, 4, 3);
        write("decoder_model.onnx", matrix, node("MatMul", "a", List.of("x", "w"), List.of("a")));
        TensorProto turned = transposed(matrix, "turned");
        write(
                "decoder_with_past_model.onnx",
                turned,
                node("Gemm", "a", List.of("x", "turned"), List.of("a"), integer("transB", 1)));
        write(
                "other.onnx",
                matrix,
                node(
                        "If",
                        "i",
                        List.of("condition"),
                        List.of("a"),
                        graph("then_branch", branch("w")),
                        graph("else_branch", branch("w"))));
        List<LayerInput> inputs = LayerInputs.of(ModelBundle.open(folder));
        assertThat(inputs).singleElement().satisfies(input -> {
            assertThat(input.key()).isEqualTo("decoder_model.onnx/x");
            assertThat(input.size()).isEqualTo(4);
            assertThat(input.layers())
                    .extracting(layer -> layer.weight().key() + " " + layer.isOutputFirst())
                    .containsExactly(
                            "decoder_model.onnx/w false",
                            "other.onnx/w false",
                            "decoder_with_past_model.onnx/turned true");
        });
    }

    @Test
    void twoFilesThatDisagreeAboutTheSidesOfAMatrixLeaveItOut() throws Exception {
        TensorProto matrix = Protos.random("w", random, 4, 4);
        write("a.onnx", matrix, node("MatMul", "a", List.of("x", "w"), List.of("a")));
        write("b.onnx", matrix, node("Gemm", "a", List.of("x", "w"), List.of("a"), integer("transB", 1)));
        assertThat(LayerInputs.of(ModelBundle.open(folder))).isEmpty();
    }

    @Test
    void matricesOfDifferentWidthsOnOneInputAreNoLayers() throws Exception {
        weight("four", 4, 3);
        weight("five", 5, 3);
        add(node("MatMul", "a", List.of("x", "four"), List.of("a")));
        add(node("MatMul", "b", List.of("x", "five"), List.of("b")));
        assertThat(LayerInputs.of(bundle())).isEmpty();
    }

    private void weight(String name, long... shape) {
        graph.addInitializer(Protos.random(name, random, shape));
    }

    private void add(NodeProto node) {
        graph.addNode(node);
    }

    private ModelBundle bundle() throws Exception {
        Protos.write(
                folder,
                "model.onnx",
                Protos.model(graph.clone()
                        .addNode(node(
                                "Identity",
                                "last",
                                List.of(graph.getNode(graph.getNodeCount() - 1).getOutput(0)),
                                List.of("y")))));
        return ModelBundle.open(folder);
    }

    private void write(String file, TensorProto weight, NodeProto node) throws Exception {
        Protos.write(
                folder,
                file,
                Protos.model(GraphProto.newBuilder()
                        .setName("main")
                        .addInput(value("x", Protos.FLOAT, -1, 4))
                        .addInput(value("condition", 9))
                        .addInitializer(weight)
                        .addNode(node)
                        .addNode(node("Relu", "Relu", List.of("a"), List.of("y")))
                        .addOutput(value("y", Protos.FLOAT, -1, -1, -1, -1))));
    }

    private static GraphProto branch(String weight) {
        return GraphProto.newBuilder()
                .setName("branch")
                .addNode(node("MatMul", "m", List.of("x", weight), List.of("inside")))
                .addOutput(value("inside", Protos.FLOAT, -1, -1, -1, -1))
                .build();
    }

    private Map<String, Map<String, Boolean>> orientations() throws Exception {
        Map<String, Map<String, Boolean>> found = new TreeMap<>();
        List<String> seen = new ArrayList<>();
        for (LayerInput input : LayerInputs.of(bundle())) {
            Map<String, Boolean> layers = new TreeMap<>();
            for (Layer layer : input.layers()) {
                layers.put(layer.weight().tensor().name(), layer.isOutputFirst());
                seen.add(layer.weight().key());
            }
            found.put(input.key(), layers);
        }
        assertThat(seen).doesNotHaveDuplicates();
        return found;
    }

    private static TensorProto transposed(TensorProto matrix, String name) {
        int rows = (int) matrix.getDims(0);
        int columns = (int) matrix.getDims(1);
        FloatBuffer from = Objects.requireNonNull(matrix.getRawData())
                .asReadOnlyByteBuffer()
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer();
        float[] values = new float[rows * columns];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                values[j * rows + i] = from.get(i * columns + j);
            }
        }
        return Protos.floats(name, List.of((long) columns, (long) rows), values);
    }

    private static AttributeProto real(String name, float number) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.FLOAT)
                .setF(number)
                .build();
    }

    private static AttributeProto text(String name, String text) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeProto.AttributeType.STRING)
                .setS(com.google.protobuf.ByteString.copyFromUtf8(text))
                .build();
    }
}
