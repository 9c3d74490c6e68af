package dev.koine.engine.onnx.align;

import static dev.koine.engine.onnx.Protos.node;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.Protos;
import dev.koine.engine.onnx.TinySpeech;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterTry;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AlignmentTest {
    private static final UnaryOperator<String> SAME = name -> name;

    @TempDir
    Path directory;

    private @Nullable Path made;

    @AfterTry
    void clean() throws IOException {
        Protos.delete(made);
    }

    @Property(tries = 40)
    void pairingDoesNotDependOnNamesOrOrder(@ForAll long seed) throws Exception {
        directory = Files.createTempDirectory("alignment");
        made = directory;
        Random random = new Random(seed);
        TinySpeech expert = new TinySpeech(3, 2);
        List<String> names = List.copyOf(expert.tensors.keySet());
        Map<String, String> permuted = new TreeMap<>();
        List<String> shuffled = new java.util.ArrayList<>(names);
        java.util.Collections.shuffle(shuffled, random);
        for (int i = 0; i < names.size(); i++) {
            permuted.put(names.get(i), shuffled.get(i));
        }
        Map<String, byte[]> plain = counterparts(new TinySpeech(3, 1).export(), expert.export());
        Map<String, byte[]> renamed = counterparts(new TinySpeech(3, 1).export(), expert.export(permuted::get, random));
        assertThat(renamed.keySet()).isEqualTo(plain.keySet());
        plain.forEach((key, bytes) -> assertThat(renamed.get(key)).isEqualTo(bytes));
    }

    @Test
    void aNameAtAnotherLayerIsNotPaired() throws Exception {
        UnaryOperator<String> swapped = name -> name.equals("w0") ? "w1" : name.equals("w1") ? "w0" : name;
        TinySpeech expert = new TinySpeech(2, 2);
        Map<String, byte[]> pairs = counterparts(new TinySpeech(2, 1).export(), expert.export(swapped, new Random(0)));
        assertThat(pairs.get("model.onnx/w0"))
                .isEqualTo(expert.tensor("w0").getRawData().toByteArray());
    }

    @Test
    void groupsEqualWeightsWhoseCounterpartsAreEqual() throws Exception {
        TinySpeech base = zeroBiases(new TinySpeech(3, 1));
        TinySpeech expert = zeroBiases(new TinySpeech(3, 2));
        expert.put(Protos.random("b2", new Random(9), TinySpeech.WIDTH));
        List<AlignedWeight> weights = align(base.export(), expert.export()).weights();
        assertThat(weights)
                .filteredOn(weight -> weight.base().get(0).key().contains("/b"))
                .extracting(weight -> weight.base().stream().map(Weight::key).toList())
                .containsExactly(List.of("model.onnx/b0", "model.onnx/b1"), List.of("model.onnx/b2"));
    }

    @Test
    void tellsATransposeOnlyWhereBaseAndExpertBothHaveIt() throws Exception {
        Random random = new Random(4);
        List<AlignedWeight> tied = align(withTransposes(random, true), withTransposes(random, true))
                .weights();
        assertThat(tied)
                .filteredOn(weight -> !weight.transposeOf().isEmpty())
                .extracting(weight -> keys(weight.transposeOf()), weight -> keys(weight.base()))
                .containsExactly(tuple(List.of("model.onnx/a"), List.of("model.onnx/b")));
        assertThat(tied).extracting(weight -> keys(weight.base())).contains(List.of("model.onnx/a"));
        assertThat(align(withTransposes(random, true), withTransposes(random, false))
                        .weights())
                .allMatch(weight -> weight.transposeOf().isEmpty());
        assertThat(align(withTransposes(random, false), withTransposes(random, true))
                        .weights())
                .allMatch(weight -> weight.transposeOf().isEmpty());
    }

    private static List<String> keys(List<Weight> weights) {
        return weights.stream().map(Weight::key).toList();
    }

    /** A matrix, its transpose or nearly, and one that is symmetric. */
    private static ModelProto withTransposes(Random random, boolean isTied) {
        TensorProto matrix = Protos.random("a", random, 5, 3);
        float[] values = new float[15];
        ByteBuffer raw = matrix.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < values.length; i++) {
            values[i % 3 * 5 + i / 3] = raw.getFloat();
        }
        values[14] += isTied ? 0 : 1;
        GraphProto.Builder graph = GraphProto.newBuilder()
                .setName("graph")
                .addInput(Protos.value("x", Protos.FLOAT, -1, 5))
                .addInitializer(matrix)
                .addInitializer(Protos.floats("b", List.of(3L, 5L), values))
                .addInitializer(Protos.floats("c", List.of(2L, 2L), 1, 7, 7, 2))
                .addInitializer(Protos.floats("d", List.of(5L, 2L), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10))
                .addNode(node("MatMul", "/a", List.of("x", "a"), List.of("xa")))
                .addNode(node("MatMul", "/b", List.of("xa", "b"), List.of("xb")))
                .addNode(node("MatMul", "/d", List.of("xb", "d"), List.of("xd")))
                .addNode(node("MatMul", "/c", List.of("xd", "c"), List.of("y")))
                .addOutput(Protos.value("y", Protos.FLOAT, -1, 2));
        return Protos.model(graph);
    }

    @Test
    void anExpertMayShareWhatTheBaseDoesNot() throws Exception {
        TinySpeech base = new TinySpeech(2, 1);
        TinySpeech expert = zeroBiases(new TinySpeech(2, 2));
        Map<String, byte[]> pairs = counterparts(base.export(), Protos.model(deduplicated(expert)));
        assertThat(pairs.get("model.onnx/b0")).containsOnly(0);
        assertThat(pairs.get("model.onnx/b1")).containsOnly(0);
    }

    @Test
    void aBaseMayShareWhatIsEqualInTheExpert() throws Exception {
        TinySpeech base = zeroBiases(new TinySpeech(2, 1));
        TinySpeech expert = zeroBiases(new TinySpeech(2, 2));
        assertThat(counterparts(Protos.model(deduplicated(base)), expert.export()))
                .containsKey("model.onnx/b0")
                .doesNotContainKey("model.onnx/b1");
    }

    @Test
    void aBaseThatSharesWhatDiffersInTheExpertIsRefused() throws Exception {
        TinySpeech base = zeroBiases(new TinySpeech(2, 1));
        RejectedException refusal = refusal(Protos.model(deduplicated(base)), new TinySpeech(2, 2).export());
        assertThat(refusal.code()).isEqualTo(RejectionCode.GRAPH_MISMATCH);
        assertThat(refusal)
                .hasMessageContaining("'b0'")
                .hasMessageContaining("/layers.0/fc/Add")
                .hasMessageContaining("/layers.1/fc/Add")
                .hasMessageContaining("without that deduplication")
                .hasMessageContaining("dynamo=True and optimize=False")
                .hasMessageNotContaining("PRESERVE");
    }

    @Test
    void namesTensorNodeAndBothShapes() throws Exception {
        TinySpeech expert = new TinySpeech(2, 2);
        expert.put(Protos.random("embed", new Random(0), TinySpeech.VOCABULARY + 1, TinySpeech.WIDTH));
        RejectedException refusal = refusal(new TinySpeech(2, 1).export(), expert.export());
        assertThat(refusal.code()).isEqualTo(RejectionCode.TENSOR_MISMATCH);
        assertThat(refusal)
                .hasMessageContaining("'embed'")
                .hasMessageContaining("/embed/Gather:0")
                .hasMessageContaining("FLOAT[9, 6]")
                .hasMessageContaining("FLOAT[10, 6]")
                .hasMessageContaining("The vocabulary was resized: 9 entries in the base, 10 in the expert");
    }

    @Test
    void namesTheFirstNodeThatDiffers() throws Exception {
        GraphProto.Builder graph = new TinySpeech(2, 2).graph(SAME, new Random(0));
        graph.setNode(3, graph.getNode(3).toBuilder().setOpType("RMSNormalization"));
        RejectedException refusal = refusal(new TinySpeech(2, 1).export(), Protos.model(graph));
        assertThat(refusal.code()).isEqualTo(RejectionCode.GRAPH_MISMATCH);
        assertThat(refusal)
                .hasMessageContaining("model.onnx")
                .hasMessageContaining("#3 '/layers.0/norm/LayerNormalization' (LayerNormalization)")
                .hasMessageContaining("(RMSNormalization)")
                .hasMessageContaining("pytorch 2.5.1, opset 17");
    }

    @Test
    void refusesOtherWiringAttributesInterfacesOpsetsAndDepths() throws Exception {
        TinySpeech base = new TinySpeech(2, 1);
        GraphProto.Builder rewired = base.graph(SAME, new Random(0));
        rewired.setNode(4, rewired.getNode(4).toBuilder().setInput(0, "m0"));
        assertThat(refusal(base.export(), Protos.model(rewired))).hasMessageContaining("input 0 comes from another");

        GraphProto.Builder attribute = base.graph(SAME, new Random(0));
        attribute.setNode(3, attribute.getNode(3).toBuilder().addAttribute(Protos.ints("axis", 1)));
        assertThat(refusal(base.export(), Protos.model(attribute))).hasMessageContaining("attributes");

        GraphProto.Builder output = base.graph(SAME, new Random(0));
        output.setOutput(0, Protos.value("logits", Protos.FLOAT, -1, -1, 77));
        assertThat(refusal(base.export(), Protos.model(output))).hasMessageContaining("[?,?,77]");

        ModelProto.Builder opset = base.export().toBuilder();
        opset.setOpsetImport(0, opset.getOpsetImport(0).toBuilder().setVersion(18));
        assertThat(refusal(base.export(), opset.build())).hasMessageContaining("opset 18");

        RejectedException deeper = refusal(base.export(), new TinySpeech(3, 1).export());
        assertThat(deeper.code()).isEqualTo(RejectionCode.GRAPH_MISMATCH);
        assertThat(deeper).hasMessageContaining("no further node").hasMessageContaining("/layers.2/fc/Add");
    }

    @Test
    void refusesOtherModelFiles() throws Exception {
        Path ours = Files.createTempDirectory(directory, "base");
        Path theirs = Files.createTempDirectory(directory, "expert");
        Protos.write(ours, "model.onnx", new TinySpeech(1, 1).export());
        Protos.write(theirs, "other.onnx", new TinySpeech(1, 1).export());
        RejectedException refusal = catchThrowableOfType(
                RejectedException.class, () -> Alignment.of(ModelBundle.open(ours), ModelBundle.open(theirs)));
        assertThat(refusal.code()).isEqualTo(RejectionCode.GRAPH_MISMATCH);
        assertThat(refusal).hasMessageContaining("[model.onnx]").hasMessageContaining("[other.onnx]");
    }

    @Test
    void refusesQuantisedWeightsAndOtherIntegers() throws Exception {
        TinySpeech base = new TinySpeech(1, 1);
        GraphProto.Builder quantised = base.graph(SAME, new Random(0));
        quantised.setNode(1, quantised.getNode(1).toBuilder().setOpType("MatMulInteger"));
        RejectedException refusal = refusal(base.export(), Protos.model(quantised));
        assertThat(refusal.code()).isEqualTo(RejectionCode.QUANTIZED);
        assertThat(refusal)
                .hasMessageContaining("#1 '/layers.0/fc/MatMul' (MatMulInteger)")
                .hasMessageContaining("Merge the float model, and quantise what is published");

        RejectedException other = refusal(withShape(base, 1), withShape(base, 2));
        assertThat(other.code()).isEqualTo(RejectionCode.QUANTIZED);
        assertThat(other).hasMessageContaining("INT64[1]").hasMessageContaining("must be equal");
        assertThat(align(withShape(base, 1), withShape(base, 1)).weights()).isNotEmpty();
    }

    @Test
    void walksSubgraphs() throws Exception {
        Map<String, byte[]> pairs = counterparts(branching("w", 1), branching("renamed", 2));
        assertThat(pairs.keySet())
                .containsExactlyInAnyOrder(
                        "model.onnx/w", "model.onnx/#0.then_branch/inner", "model.onnx/#0.else_branch/c");
        GraphProto.Builder changed = branching("w", 1).getGraph().toBuilder();
        String text = refusal(branching("w", 1), Protos.model(changed.setNode(0, swapped(changed.getNode(0)))))
                .getMessage();
        assertThat(text).contains("#0.else_branch/#1 '' (Sub)");
    }

    /** ONNX Runtime's converter to half precision appends the Cast nodes of the inputs. */
    @Test
    void nodesMayStandBeforeWhatTheyRead() throws Exception {
        TinySpeech model = new TinySpeech(3, 1);
        TinySpeech expert = new TinySpeech(3, 2);
        Map<String, byte[]> pairs = counterparts(reversed(model.export()), reversed(expert.export()));
        assertThat(pairs).hasSize(model.tensors.size());
        pairs.forEach((key, bytes) -> assertThat(bytes)
                .isEqualTo(expert.tensor(key.substring("model.onnx/".length()))
                        .getRawData()
                        .toByteArray()));
        assertThat(counterparts(reversed(model.export()), expert.export())).containsOnlyKeys(pairs.keySet());
    }

    @Test
    void aBranchMayReadWhatALaterNodeProduces() throws Exception {
        assertThat(counterparts(branchingBeforeItsInput(1), branchingBeforeItsInput(2)))
                .containsKey("model.onnx/before");
    }

    @Test
    void nodesThatReadEachOtherAreRefused() {
        ModelProto cycle = Protos.model(GraphProto.newBuilder()
                .addNode(node("Relu", "first", List.of("b"), List.of("a")))
                .addNode(node("Relu", "second", List.of("a"), List.of("b")))
                .addOutput(Protos.value("b", Protos.FLOAT, 2)));
        RejectedException refusal = refusal(cycle, cycle);
        assertThat(refusal.code()).isEqualTo(RejectionCode.NOT_ONNX);
        assertThat(refusal).hasMessageContaining("reads the value");
    }

    @Test
    void walksLoopBodies() throws Exception {
        assertThat(counterparts(looping("carried", 1), looping("other", 2)))
                .containsOnlyKeys("model.onnx/w", "model.onnx/#0.body/step");
    }

    @Test
    void aRangeThatTheBaseSharesIsOneTensor() throws Exception {
        Path ours = Files.createTempDirectory(directory, "base");
        Path theirs = Files.createTempDirectory(directory, "expert");
        Files.write(ours.resolve("data"), Protos.bytes(1, 2));
        Files.write(theirs.resolve("data"), Protos.bytes(1, 2, 3, 4));
        Protos.write(ours, "model.onnx", adding(0));
        Protos.write(theirs, "model.onnx", adding(8));
        RejectedException refusal = catchThrowableOfType(
                RejectedException.class, () -> Alignment.of(ModelBundle.open(ours), ModelBundle.open(theirs)));
        assertThat(refusal.code()).isEqualTo(RejectionCode.GRAPH_MISMATCH);
        assertThat(refusal).hasMessageContaining("without that deduplication");
    }

    @Test
    void whatHasNoMeaningIsNotCompared() throws Exception {
        ModelProto base = new TinySpeech(1, 1).export();
        assertThat(align(base, base.toBuilder().setIrVersion(9).build()).weights())
                .isNotEmpty();
        ModelProto unused = base.toBuilder()
                .addOpsetImport(
                        OperatorSetIdProto.newBuilder().setDomain("ai.onnx.ml").setVersion(3))
                .addFunctions(FunctionProto.newBuilder().setName("gelu"))
                .setProducerVersion("2.9")
                .setDocString("an expert")
                .addMetadataProps(Protos.entry("comment", "nl"))
                .build();
        assertThat(align(base, unused).weights()).isNotEmpty();
        assertThat(align(unused, base).weights()).isNotEmpty();
        assertThat(refusal(
                        base,
                        base.toBuilder()
                                .setOpsetImport(
                                        0, base.getOpsetImport(0).toBuilder().setVersion(18))
                                .build()))
                .hasMessageContaining("operator set ai.onnx in version 17 in the base and 18 in the expert");
    }

    @Test
    void metadataThatContradictsIsRefusedAndDescriptionsAreNot() throws Exception {
        ModelProto base = new TinySpeech(1, 1)
                .export().toBuilder()
                        .addMetadataProps(Protos.entry("language", "en"))
                        .addMetadataProps(Protos.entry("model_version", "1"))
                        .build();
        ModelProto.Builder described = base.toBuilder();
        described
                .setMetadataProps(1, Protos.entry("language", "cs"))
                .setMetadataProps(2, Protos.entry("model_version", "2"));
        assertThat(align(base, described.build()).weights()).isNotEmpty();
        ModelProto.Builder other = base.toBuilder().setMetadataProps(0, Protos.entry("n_mels", "128"));
        RejectedException refusal = refusal(base, other.build());
        assertThat(refusal.code()).isEqualTo(RejectionCode.SIDE_FILE_MISMATCH);
        assertThat(refusal)
                .hasMessageContaining(
                        "'model.onnx' the metadata entry 'n_mels' is '80' in the base and '128' in the expert");
    }

    /** Of the inputs, of a weight alone, and by nodes that a converter adds. */
    @Test
    void anExpertThatWasConvertedToHalfPrecisionIsCalledOne() throws Exception {
        RejectedException inputs = refusal(product(Protos.FLOAT, Protos.FLOAT, false), product(10, 10, false));
        assertThat(inputs.code()).isEqualTo(RejectionCode.GRAPH_MISMATCH);
        assertThat(inputs)
                .hasMessageContaining(
                        "[x:tensor(FLOAT)[?,4]] in the base and [x:tensor(FLOAT16)[?,4]] in the expert:"
                                + " the expert was converted to FLOAT16. Export it in FLOAT, or register the FLOAT16 model as a base");
        RejectedException weight =
                refusal(product(Protos.FLOAT, Protos.FLOAT, false), product(Protos.FLOAT, Protos.BFLOAT16, false));
        assertThat(weight.code()).isEqualTo(RejectionCode.TENSOR_MISMATCH);
        assertThat(weight)
                .hasMessageContaining(
                        "FLOAT[4, 2], the expert's 'w' there is BFLOAT16[4, 2]: the expert was converted to"
                                + " BFLOAT16. Export it in FLOAT");
        RejectedException cast = refusal(product(Protos.FLOAT, Protos.FLOAT, false), product(Protos.FLOAT, 10, true));
        assertThat(cast).hasMessageContaining("the operators differ. A conversion to half precision adds such Casts");
        RejectedException size = refusal(
                product(Protos.FLOAT, Protos.FLOAT, false),
                Protos.model(product(Protos.FLOAT, Protos.FLOAT, false).getGraph().toBuilder()
                        .setInput(0, Protos.value("x", Protos.FLOAT, -1, 5))));
        assertThat(size).hasMessageContaining("[x:tensor(FLOAT)[?,5]]").hasMessageNotContaining("converted");
    }

    private static ModelProto product(int values, int weights, boolean withCast) {
        TensorProto weight = TensorProto.newBuilder()
                .setName("w")
                .setDataType(weights)
                .addDims(4)
                .addDims(2)
                .setRawData(ByteString.copyFrom(new byte[weights == Protos.FLOAT ? 32 : 16]))
                .build();
        GraphProto.Builder graph = GraphProto.newBuilder().setName("g").addInitializer(weight);
        if (withCast) {
            graph.addNode(node("Cast", "/cast", List.of("w"), List.of("w32"), Protos.integer("to", values)));
        }
        return Protos.model(graph.addNode(node("MatMul", "/w", List.of("x", withCast ? "w32" : "w"), List.of("y")))
                .addInput(Protos.value("x", values, -1, 4))
                .addOutput(Protos.value("y", values, -1, 2)));
    }

    @Test
    void anExpertOfAnotherVocabularyIsRefused() throws Exception {
        Path ours = Files.createTempDirectory(directory, "base");
        Path theirs = Files.createTempDirectory(directory, "expert");
        Protos.write(ours, "model.onnx", new TinySpeech(1, 1).export());
        Protos.write(theirs, "model.onnx", new TinySpeech(1, 2).export());
        Files.writeString(ours.resolve("vocab.json"), "{\"a\": 0, \"b\": 1}");
        assertThat(Alignment.of(ModelBundle.open(ours), ModelBundle.open(theirs))
                        .weights())
                .isNotEmpty();
        Files.writeString(theirs.resolve("vocab.json"), "{\"α\": 0, \"β\": 1}");
        RejectedException refusal = catchThrowableOfType(
                RejectedException.class, () -> Alignment.of(ModelBundle.open(ours), ModelBundle.open(theirs)));
        assertThat(refusal.code()).isEqualTo(RejectionCode.SIDE_FILE_MISMATCH);
        Files.copy(
                ours.resolve("vocab.json"),
                theirs.resolve("vocab.json"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertThat(Alignment.of(ModelBundle.open(ours), ModelBundle.open(theirs))
                        .weights())
                .isNotEmpty();
    }

    /** Types of less than a byte, and types that a later ONNX adds, have as many bytes as they have, with a length written down or not. */
    @Test
    void aDifferenceInWeightsThatAreNeverMergedIsTold() throws Exception {
        for (int type : new int[] {3, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 99}) {
            for (String length : new String[] {null, "", "0"}) {
                boolean isUnknown = type == 99;
                if ("0".equals(length) && !isUnknown) {
                    continue;
                }
                Path ours = Files.createTempDirectory(directory, "base");
                Path theirs = Files.createTempDirectory(directory, "expert");
                int bytes = bytesOfFour(type);
                byte[] data = new byte[bytes];
                for (Path side : List.of(ours, theirs)) {
                    Protos.write(side, "model.onnx", casting(type, length == null ? null : length + bytes));
                    Files.write(side.resolve("data"), data);
                    data = data.clone();
                    data[bytes - 1] = 0x11;
                }
                ModelBundle base = ModelBundle.open(ours);
                assertThat(Alignment.of(base, ModelBundle.open(ours)).weights()).isNotNull();
                RejectedException refusal = catchThrowableOfType(
                        RejectedException.class, () -> Alignment.of(base, ModelBundle.open(theirs)));
                assertThat(refusal).as("type " + type + ", length " + length).hasMessageContaining("must be equal");
            }
        }
    }

    private static int bytesOfFour(int type) {
        return switch (type) {
            case 21, 22, 23 -> 2;
            case 25, 26 -> 1;
            default -> 4;
        };
    }

    private static ModelProto casting(int type, @Nullable String length) {
        TensorProto.Builder tensor =
                Protos.external("packed", List.of(4L), "data", 0).toBuilder().setDataType(type);
        if (length != null) {
            tensor.addExternalData(Protos.entry("length", length.startsWith("0") ? "0" : length));
        }
        return Protos.model(GraphProto.newBuilder()
                .addInitializer(tensor)
                .addNode(node("Cast", "/cast", List.of("packed"), List.of("y"), Protos.integer("to", Protos.FLOAT)))
                .addOutput(Protos.value("y", Protos.FLOAT, 4)));
    }

    /** Exporters write small tensors as raw data or number by number, as they like. */
    @Test
    void constantsAreComparedByTheirElementsNotByHowTheyAreStored() throws Exception {
        TensorProto.Builder plain = TensorProto.newBuilder().setName("shape").addDims(2);
        Map<TensorProto, TensorProto> pairs = Map.of(
                plain.clone()
                        .setDataType(Protos.INT64)
                        .addInt64Data(-1)
                        .addInt64Data(3)
                        .build(),
                Protos.longs("shape", -1, 3),
                plain.clone().setDataType(22).addInt32Data(0xf3).build(),
                plain.clone()
                        .setDataType(22)
                        .setRawData(ByteString.copyFrom(new byte[] {(byte) 0xf3}))
                        .build(),
                plain.clone()
                        .setDataType(11)
                        .addDoubleData(0.5)
                        .addDoubleData(-2)
                        .build(),
                plain.clone()
                        .setDataType(11)
                        .setRawData(ByteString.copyFrom(java.nio.ByteBuffer.allocate(16)
                                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                                .putDouble(0.5)
                                .putDouble(-2)
                                .flip()))
                        .build());
        for (Map.Entry<TensorProto, TensorProto> pair : pairs.entrySet()) {
            assertThat(align(reading(pair.getKey()), reading(pair.getValue())).weights())
                    .isEmpty();
            TensorProto.Builder other = pair.getValue().toBuilder();
            byte[] raw = other.getRawData().toByteArray();
            raw[0]++;
            other.setRawData(ByteString.copyFrom(raw));
            assertThat(refusal(reading(pair.getKey()), reading(other.build()))).hasMessageContaining("must be equal");
        }
    }

    @Test
    void stringsAreCompared() throws Exception {
        TensorProto.Builder words =
                TensorProto.newBuilder().setName("w").setDataType(8).addDims(2);
        ModelProto base = reading(words.clone()
                .addStringData(ByteString.copyFromUtf8("a"))
                .addStringData(ByteString.copyFromUtf8("b"))
                .build());
        ModelProto other = reading(words.clone()
                .addStringData(ByteString.copyFromUtf8("a"))
                .addStringData(ByteString.copyFromUtf8("c"))
                .build());
        assertThat(align(base, base).weights()).isEmpty();
        assertThat(refusal(base, other))
                .hasMessageEndingWith("Export base and expert with the same settings and the same vocabulary.")
                .extracting(RejectedException::code)
                .isEqualTo(RejectionCode.TENSOR_MISMATCH);
    }

    private static ModelProto reading(TensorProto tensor) {
        return Protos.model(GraphProto.newBuilder()
                .addInitializer(tensor)
                .addNode(node("Size", "", List.of(tensor.getName()), List.of("y")))
                .addOutput(Protos.value("y", Protos.INT64)));
    }

    private static ModelProto reversed(ModelProto model) {
        GraphProto.Builder graph = model.getGraph().toBuilder().clearNode();
        for (NodeProto node : model.getGraph().getNodeList()) {
            graph.addNode(0, node);
        }
        return Protos.model(graph);
    }

    /** The input of the branches comes from a node that stands after the If. */
    private static ModelProto branchingBeforeItsInput(long seed) {
        GraphProto.Builder graph = branching("w", seed).getGraph().toBuilder();
        graph.setInput(1, graph.getInput(1).toBuilder().setName("raw"))
                .addInitializer(Protos.random("before", new Random(seed), 4))
                .addNode(node("Add", "", List.of("raw", "before"), List.of("x")));
        return Protos.model(graph);
    }

    private static ModelProto adding(long offsetOfSecond) {
        return Protos.model(GraphProto.newBuilder()
                .addInitializer(Protos.external("a", List.of(2L), "data", 0))
                .addInitializer(Protos.external("b", List.of(2L), "data", offsetOfSecond))
                .addNode(node("Add", "", List.of("a", "b"), List.of("y")))
                .addOutput(Protos.value("y", Protos.FLOAT, 2)));
    }

    private static ModelProto looping(String name, long seed) {
        Random random = new Random(seed);
        GraphProto.Builder body = GraphProto.newBuilder()
                .addInput(Protos.value("i", Protos.INT64))
                .addInput(Protos.value("go", 9))
                .addInput(Protos.value(name, Protos.FLOAT, -1, 4))
                .addInitializer(Protos.random("step", random, 4))
                .addNode(node("Identity", "", List.of("go"), List.of("go_on")))
                .addNode(node("MatMul", "", List.of(name, "w"), List.of("product")))
                .addNode(node("Add", "", List.of("product", "step"), List.of("next")))
                .addOutput(Protos.value("go_on", 9))
                .addOutput(Protos.value("next", Protos.FLOAT, -1, 4));
        return Protos.model(GraphProto.newBuilder()
                .addInitializer(Protos.random("w", random, 4, 4))
                .addInput(Protos.value("count", Protos.INT64))
                .addInput(Protos.value("cond", 9))
                .addInput(Protos.value("x", Protos.FLOAT, -1, 4))
                .addNode(node(
                        "Loop", "", List.of("count", "cond", "x"), List.of("y"), Protos.graph("body", body.build())))
                .addOutput(Protos.value("y", Protos.FLOAT, -1, 4)));
    }

    private static NodeProto swapped(NodeProto node) {
        NodeProto.Builder builder = node.toBuilder();
        builder.getAttributeBuilder(0).getGBuilder().getNodeBuilder(1).setOpType("Sub");
        return builder.build();
    }

    private static ModelProto branching(String name, long seed) {
        Random random = new Random(seed);
        GraphProto.Builder then = GraphProto.newBuilder()
                .addInitializer(Protos.random("inner", random, 4))
                .addNode(node("MatMul", "", List.of("x", name), List.of("t")))
                .addNode(node("Add", "", List.of("t", "inner"), List.of("then")))
                .addOutput(Protos.value("then", Protos.FLOAT, -1, 4));
        GraphProto.Builder otherwise = GraphProto.newBuilder()
                .addNode(Protos.constant("c", Protos.random("", random, 4)))
                .addNode(node("Add", "", List.of("x", "c"), List.of("else")))
                .addOutput(Protos.value("else", Protos.FLOAT, -1, 4));
        return Protos.model(GraphProto.newBuilder()
                .addInitializer(Protos.random(name, random, 4, 4))
                .addInput(Protos.value("cond", 9))
                .addInput(Protos.value("x", Protos.FLOAT, -1, 4))
                .addNode(node(
                        "If",
                        "",
                        List.of("cond"),
                        List.of("y"),
                        Protos.graph("else_branch", otherwise.build()),
                        Protos.graph("then_branch", then.build())))
                .addOutput(Protos.value("y", Protos.FLOAT, -1, 4)));
    }

    private static ModelProto withShape(TinySpeech model, long size) {
        GraphProto.Builder graph = model.graph(SAME, new Random(0));
        graph.addInitializer(Protos.longs("shape", size))
                .addNode(node("Reshape", "/Reshape", List.of("logits", "shape"), List.of("flat")))
                .addOutput(Protos.value("flat", Protos.FLOAT, -1));
        return Protos.model(graph);
    }

    private static TinySpeech zeroBiases(TinySpeech model) {
        for (int i = 0; i < model.layers; i++) {
            model.put(Protos.floats("b" + i, List.of((long) TinySpeech.WIDTH), new float[TinySpeech.WIDTH]));
        }
        return model;
    }

    /** As exporters deduplicate: one initializer, and Identity nodes in place of the others. */
    private static GraphProto.Builder deduplicated(TinySpeech model) {
        GraphProto.Builder graph = model.graph(SAME, new Random(0));
        for (int i = graph.getInitializerCount() - 1; i >= 0; i--) {
            String name = graph.getInitializer(i).getName();
            if (name.startsWith("b") && !name.equals("b0")) {
                graph.removeInitializer(i);
                graph.addNode(0, node("Identity", "Identity_" + i, List.of("b0"), List.of(name)));
            }
        }
        return graph;
    }

    private Alignment align(ModelProto base, ModelProto expert) throws RejectedException, IOException {
        Path ours = Files.createTempDirectory(directory, "base");
        Path theirs = Files.createTempDirectory(directory, "expert");
        Protos.write(ours, "model.onnx", base);
        Protos.write(theirs, "model.onnx", expert);
        return Alignment.of(ModelBundle.open(ours), ModelBundle.open(theirs));
    }

    private RejectedException refusal(ModelProto base, ModelProto expert) {
        return catchThrowableOfType(RejectedException.class, () -> align(base, expert));
    }

    /** The bytes of the expert's counterpart for each key of the base. */
    private Map<String, byte[]> counterparts(ModelProto base, ModelProto expert) throws RejectedException, IOException {
        Map<String, byte[]> counterparts = new TreeMap<>();
        for (AlignedWeight aligned : align(base, expert).weights()) {
            TensorInfo tensor = (TensorInfo) aligned.expert();
            byte[] file = Files.readAllBytes(tensor.file());
            for (Weight weight : aligned.base()) {
                counterparts.put(weight.key(), java.util.Arrays.copyOfRange(file, (int) tensor.offset(), (int)
                        (tensor.offset() + tensor.length())));
            }
        }
        return counterparts;
    }
}
