package dev.koine.engine.onnx;

import static dev.koine.engine.onnx.Protos.node;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.entry;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.onnx.graph.OnnxModel;
import dev.koine.engine.onnx.graph.OnnxScanner;
import dev.koine.engine.tensor.Weight;
import dev.koine.engine.tensor.WeightRole;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelBundleTest {
    @TempDir
    Path parent;

    @Test
    void listsWeightsInTheOrderOfTheirFirstUse() throws Exception {
        Path directory = bundle();
        Protos.write(directory, "sub/b.onnx", new TinySpeech(1, 1).export(name -> name, new Random(3)));
        Protos.write(directory, "a.onnx", new TinySpeech(1, 2).export(name -> name, new Random(4)));
        Files.writeString(directory.resolve("config.json"), "{}");
        ModelBundle bundle = ModelBundle.open(directory);
        assertThat(bundle.files()).containsExactly("a.onnx", "config.json", "sub/b.onnx");
        assertThat(bundle.models()).extracting(OnnxModel::path).containsExactly("a.onnx", "sub/b.onnx");
        assertThat(bundle.weights())
                .extracting(Weight::key)
                .containsExactly(
                        "a.onnx/embed",
                        "a.onnx/w0",
                        "a.onnx/b0",
                        "a.onnx/gamma0",
                        "a.onnx/proj",
                        "sub/b.onnx/embed",
                        "sub/b.onnx/w0",
                        "sub/b.onnx/b0",
                        "sub/b.onnx/gamma0",
                        "sub/b.onnx/proj");
        assertThat(bundle.weights().get(1).position()).isEqualTo("a.onnx:/layers.0/fc/MatMul:1");
        assertThat(bundle.quantization()).isEmpty();
    }

    @Test
    void tellsRolesApart() throws Exception {
        TinySpeech model = new TinySpeech(1, 1);
        assertThat(roles(model.graph(name -> name, new Random(0))))
                .containsExactly(
                        entry("embed", WeightRole.EMBEDDING),
                        entry("w0", WeightRole.LINEAR),
                        entry("b0", WeightRole.OTHER),
                        entry("gamma0", WeightRole.OTHER),
                        entry("proj", WeightRole.VOCABULARY_PROJECTION));
    }

    @Test
    void aProjectionIsFoundByItsTieToAnEmbeddingTransposedOrNot() throws Exception {
        TinySpeech model = new TinySpeech(1, 1);
        GraphProto.Builder transposed = model.graph(name -> name, new Random(0));
        transposed.addNode(node("Relu", "", List.of("logits"), List.of("hidden")));
        transposed.setOutput(0, Protos.value("hidden", Protos.FLOAT, -1, -1, TinySpeech.VOCABULARY));
        assertThat(roles(transposed)).containsEntry("proj", WeightRole.VOCABULARY_PROJECTION);

        GraphProto.Builder untied = transposed.clone();
        for (int i = 0; i < untied.getInitializerCount(); i++) {
            if (untied.getInitializer(i).getName().equals("proj")) {
                untied.setInitializer(i, Protos.random("proj", new Random(5), TinySpeech.WIDTH, TinySpeech.VOCABULARY));
            }
        }
        assertThat(roles(untied)).containsEntry("proj", WeightRole.LINEAR);

        model.put(model.tensor("embed").toBuilder().setName("proj").build());
        GraphProto.Builder equal = model.graph(name -> name, new Random(0));
        int last = equal.getNodeCount() - 1;
        equal.setNode(
                last, equal.getNode(last).toBuilder().setInput(1, "proj_t").setOutput(0, "inner"));
        equal.addNode(last, node("Transpose", "", List.of("proj"), List.of("proj_t")));
        equal.addNode(node("Relu", "", List.of("inner"), List.of("logits")));
        assertThat(roles(equal)).containsEntry("proj", WeightRole.VOCABULARY_PROJECTION);
    }

    @Test
    void logitsPassBiasAndLayoutButNoResidualAndNoNorm() throws Exception {
        assertThat(head("Add", List.of("h", "bias"), 5)).isEqualTo(WeightRole.VOCABULARY_PROJECTION);
        assertThat(head("LogSoftmax", List.of("h"), 5)).isEqualTo(WeightRole.VOCABULARY_PROJECTION);
        assertThat(head("Transpose", List.of("h"), 5)).isEqualTo(WeightRole.VOCABULARY_PROJECTION);
        assertThat(head("Add", List.of("h", "x"), 5)).isEqualTo(WeightRole.LINEAR);
        assertThat(head("LayerNormalization", List.of("h", "bias"), 5)).isEqualTo(WeightRole.LINEAR);
    }

    @Test
    void attentionKeysThatLeaveTheGraphAreNoLogits() throws Exception {
        GraphProto.Builder graph = GraphProto.newBuilder()
                .addInput(Protos.value("x", Protos.FLOAT, -1, -1, 8))
                .addInitializer(Protos.random("key", new Random(1), 8, 8))
                .addInitializer(Protos.longs("heads", 0, 0, 2, 4))
                .addNode(node("MatMul", "", List.of("x", "key"), List.of("k")))
                .addNode(node("Reshape", "", List.of("k", "heads"), List.of("split")))
                .addNode(node("Transpose", "", List.of("split"), List.of("present.0.key")))
                .addOutput(Protos.value("present.0.key", Protos.FLOAT, -1, 2, -1, 4));
        assertThat(roles(graph)).containsEntry("key", WeightRole.LINEAR);
    }

    @Test
    void productsThatOnnxRuntimeHasFusedAreProducts() throws Exception {
        GraphProto.Builder graph = GraphProto.newBuilder()
                .addInput(Protos.value("x", Protos.FLOAT, -1, 8))
                .addInitializer(Protos.random("query", new Random(1), 8, 8))
                .addInitializer(Protos.random("inner", new Random(2), 8, 8))
                .addInitializer(Protos.random("packed", new Random(3), 8, 24))
                .addInitializer(Protos.random("foreign", new Random(4), 8, 8))
                .addInitializer(Protos.random("head", new Random(5), 5, 8))
                .addNode(vendor("com.microsoft", "FusedMatMul", "x", "query", "a"))
                .addNode(vendor("com.microsoft", "FusedGemm", "a", "inner", "b"))
                .addNode(vendor("com.microsoft", "Attention", "b", "packed", "c"))
                .addNode(vendor("org.example", "FusedMatMul", "c", "foreign", "d"))
                .addNode(vendor("com.microsoft", "FusedMatMul", "d", "head", "logits"))
                .addOutput(Protos.value("logits", Protos.FLOAT, -1, 5));
        assertThat(roles(graph))
                .containsExactly(
                        entry("query", WeightRole.LINEAR),
                        entry("inner", WeightRole.LINEAR),
                        entry("packed", WeightRole.OTHER),
                        entry("foreign", WeightRole.OTHER),
                        entry("head", WeightRole.VOCABULARY_PROJECTION));
    }

    private static NodeProto vendor(String domain, String op, String input, String weight, String output) {
        return node(op, "", List.of(input, weight), List.of(output)).toBuilder()
                .setDomain(domain)
                .build();
    }

    @Test
    void onlyMatricesAreLinear() throws Exception {
        GraphProto.Builder graph = GraphProto.newBuilder()
                .addInput(Protos.value("x", Protos.FLOAT, -1, 4))
                .addInitializer(Protos.random("deep", new Random(1), 2, 4, 4))
                .addInitializer(Protos.random("conv", new Random(1), 2, 4))
                .addInitializer(Protos.random("gemm", new Random(2), 4, 4))
                .addInitializer(Protos.random("unused", new Random(2), 4, 4))
                .addNode(node("Identity", "", List.of("gemm"), List.of("alias")))
                .addNode(node("Gemm", "", List.of("x", "alias"), List.of("g")))
                .addNode(node("Relu", "", List.of("g"), List.of("r")))
                .addNode(node("MatMul", "", List.of("r", "deep"), List.of("y")))
                .addNode(node("Conv", "", List.of("y", "conv"), List.of("z")))
                .addOutput(Protos.value("z", Protos.FLOAT, -1, 4));
        assertThat(roles(graph))
                .containsExactly(
                        entry("gemm", WeightRole.LINEAR),
                        entry("deep", WeightRole.OTHER),
                        entry("conv", WeightRole.OTHER));
    }

    @Test
    void needsAModel() throws Exception {
        Path directory = bundle();
        Files.writeString(directory.resolve("config.json"), "{}");
        RejectedException refusal = refusal(directory);
        assertThat(refusal.code()).isEqualTo(RejectionCode.NOT_ONNX);
        assertThat(refusal).hasMessageContaining("no .onnx file");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../secret",
                "sub/../../secret",
                "..",
                "/etc/passwd",
                "C:\\secret",
                "C:/secret",
                "sub\\secret",
                "sub//weights",
                "weights/",
                "",
                "sub",
                ".",
                "a\0b",
                "model.onnx"
            })
    void refusesPathsThatLeaveTheBundle(String location) throws Exception {
        Path directory = bundle();
        Files.write(parent.resolve("secret"), new byte[8]);
        Files.createDirectories(directory.resolve("sub"));
        Files.write(directory.resolve("sub/weights"), new byte[8]);
        Files.write(directory.resolve("weights"), new byte[8]);
        write(directory, location);
        assertThat(refusal(directory).code()).isEqualTo(RejectionCode.PLACE_NOT_ALLOWED);
    }

    @Test
    void refusesSymbolicLinks() throws Exception {
        Path directory = bundle();
        Files.write(parent.resolve("secret"), new byte[8]);
        Files.createSymbolicLink(directory.resolve("weights"), parent.resolve("secret"));
        write(directory, "weights");
        assertThat(refusal(directory)).hasMessageContaining("'weights'");
        assertThat(catchThrowableOfType(RejectedException.class, () -> OnnxScanner.scan(directory, "model.onnx"))
                        .code())
                .isEqualTo(RejectionCode.PLACE_NOT_ALLOWED);
    }

    @Test
    void refusesALinkedDirectoryOnTheWay() throws Exception {
        Path directory = bundle();
        Files.createDirectories(parent.resolve("outside"));
        Files.write(parent.resolve("outside/weights"), new byte[8]);
        Files.createSymbolicLink(directory.resolve("sub"), parent.resolve("outside"));
        write(directory, "sub/weights");
        assertThat(refusal(directory).code()).isEqualTo(RejectionCode.PLACE_NOT_ALLOWED);
        assertThat(catchThrowableOfType(RejectedException.class, () -> OnnxScanner.scan(directory, "model.onnx")))
                .hasMessageContaining("symbolic link");
    }

    @Test
    void refusesHardLinks() throws Exception {
        Path directory = bundle();
        Files.write(parent.resolve("secret"), new byte[8]);
        Files.createLink(directory.resolve("weights"), parent.resolve("secret"));
        write(directory, "weights");
        assertThat(refusal(directory)).hasMessageContaining("hard link");
    }

    @Test
    void namesMissingExternalData() throws Exception {
        Path directory = bundle();
        write(directory, "gone");
        RejectedException refusal = refusal(directory);
        assertThat(refusal.code()).isEqualTo(RejectionCode.MISSING_FILE);
        assertThat(refusal).hasMessageContaining("'gone'").hasMessageContaining("'model.onnx'");
    }

    @Test
    void refusesTensorsThatShareSomeOfTheirBytes() throws Exception {
        Path directory = bundle();
        Files.write(directory.resolve("weights"), new byte[12]);
        Protos.write(
                directory,
                "model.onnx",
                Protos.model(GraphProto.newBuilder()
                        .addInitializer(Protos.external("a", List.of(2L), "weights", 0))
                        .addInitializer(Protos.external("b", List.of(2L), "weights", 4))));
        assertThat(refusal(directory)).hasMessageContaining("'a' and 'b' share");
    }

    @Test
    void manyModelFilesShareOneHeapBudget() throws Exception {
        Path directory = bundle();
        byte[] nodes = new byte[2 * 120_000];
        for (int i = 0; i < nodes.length; i += 2) {
            nodes[i] = 10;
        }
        byte[] model = Protos.model(GraphProto.parseFrom(nodes).toBuilder()).toByteArray();
        for (int i = 0; i < 5; i++) {
            Files.write(directory.resolve(i + ".onnx"), model);
            if (i == 0) {
                assertThat(ModelBundle.open(directory).models()).hasSize(1);
            }
        }
        assertThat(refusal(directory)).hasMessageContaining("MiB without the weights");
    }

    private static void write(Path directory, String location) throws IOException {
        Protos.write(
                directory,
                "model.onnx",
                Protos.model(GraphProto.newBuilder().addInitializer(Protos.external("w", List.of(2L), location, 0))));
    }

    private WeightRole head(String op, List<String> inputs, long width) throws RejectedException, IOException {
        Map<String, WeightRole> roles = roles(GraphProto.newBuilder()
                .addInput(Protos.value("x", Protos.FLOAT, -1, -1, 4))
                .addInitializer(Protos.random("w", new Random(1), 4, width))
                .addInitializer(Protos.random("bias", new Random(2), width))
                .addNode(node("MatMul", "", List.of("x", "w"), List.of("h")))
                .addNode(node(op, "", inputs, List.of("y")))
                .addOutput(Protos.value("y", Protos.FLOAT, -1, -1, width)));
        return Objects.requireNonNull(roles.get("w"));
    }

    private Map<String, WeightRole> roles(GraphProto.Builder graph) throws RejectedException, IOException {
        Path directory = bundle();
        Protos.write(directory, "model.onnx", Protos.model(graph));
        Map<String, WeightRole> roles = new LinkedHashMap<>();
        ModelBundle.open(directory)
                .weights()
                .forEach(weight -> roles.put(weight.tensor().name(), weight.role()));
        return roles;
    }

    private Path bundle() throws IOException {
        return Files.createTempDirectory(parent, "bundle");
    }

    private static RejectedException refusal(Path directory) {
        return catchThrowableOfType(RejectedException.class, () -> ModelBundle.open(directory));
    }
}
