package dev.koine.speech.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtSession;
import dev.koine.engine.Device;
import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.safetensors.SafetensorsWriter;
import dev.koine.engine.statistics.LayerInput;
import dev.koine.engine.statistics.LayerInputs;
import dev.koine.engine.statistics.LowRankGram;
import dev.koine.engine.statistics.Statistics;
import dev.koine.engine.statistics.Statistics.About;
import dev.koine.engine.statistics.StatisticsWriter;
import dev.koine.engine.tensor.ElementType;
import dev.koine.speech.Features;
import dev.koine.speech.ForcedModel;
import dev.koine.speech.Task;
import dev.koine.speech.TinyWhisper;
import dev.koine.speech.evaluation.Recording;
import dev.koine.speech.evaluation.Utterance;
import dev.koine.speech.onnx.OnnxOptions;
import dev.koine.speech.onnx.OnnxSessions;
import dev.koine.testkit.TinyCtc;
import dev.koine.testkit.TinyOnnx;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatisticsCollectorTest {
    private static final OnnxOptions OPTIONS = new OnnxOptions(1, Device.CPU);
    private static final String DIGEST = "sha256:" + "b".repeat(64);
    private static final long ONE_GROUP = Long.MAX_VALUE;

    @TempDir
    Path folder;

    private final Random random = new Random(5);
    private Path bundle = Path.of("unset");

    @BeforeEach
    void makeFolders() throws Exception {
        bundle = Files.createDirectories(folder.resolve("bundle"));
    }

    /**
     * Of the encoder's window of four frames the speech counts, and silence for as long again; of the decoder the prompt (4 5 6 7) and the text, and not its
     * end.
     */
    @Test
    void whispersLayersAreGivenTheWindowAndThePromptWithTheText() throws Exception {
        float[][] next = matrix(8, 8);
        TinyWhisper.writeWithoutDecoder(bundle);
        new TinyWhisper(next, matrix(8, 8)).writePlain(bundle);
        float[][] first = matrix(2, 3);
        float[][] second = matrix(2, 1);
        double[][] frames = new double[6][2];
        for (int mel = 0; mel < 2; mel++) {
            for (int i = 0; i < 4; i++) {
                frames[i][mel] = i < 3 ? first[mel][i] : -1;
            }
            frames[4][mel] = second[mel][0];
            frames[5][mel] = -1;
        }
        List<double[]> sums = new ArrayList<>();
        for (int[] tokens : new int[][] {{4, 5, 6, 7, 0, 2, 1}, {4, 5, 6, 7, 1}}) {
            double[] sum = new double[8];
            for (int token : tokens) {
                for (int i = 0; i < 8; i++) {
                    sum[i] += next[token][i];
                }
                sums.add(sum.clone());
            }
        }
        Collected collected =
                collect(ONE_GROUP, new Spoken("one", first, "de", "a b"), new Spoken("two", second, "de-AT", "b"));
        assertThat(collected.about).isEqualTo(new About(DIGEST, "de", 2, 12));
        assertThat(collected.keys).containsExactly("decoder_model.onnx/sum", "encoder_model.onnx/transposed");
        requireGram(collected, "encoder_model.onnx/transposed", frames);
        requireGram(collected, "decoder_model.onnx/sum", sums.toArray(double[][]::new));
    }

    /** What crosses over from the encoder has its positions, a prompt and a text their own. */
    @Test
    void silenceIsLeftOutWhereverPositionsAreThoseOfTheWindow() throws Exception {
        TinyWhisper.writeWithoutDecoder(bundle);
        new TinyWhisper(matrix(8, 8), matrix(8, 8)).writePlain(bundle);
        ForcedModel model = ForcedModel.read(bundle);
        Features oneOfFour = new Features(new float[2], 2, 1);
        assertThat(model.heard("encoder_model", "x", 4, oneOfFour)).isEqualTo(2);
        assertThat(model.heard("encoder_model", "x", 2, oneOfFour)).isEqualTo(2);
        assertThat(model.heard("decoder_model", "encoder_hidden_states", 40, oneOfFour))
                .isEqualTo(20);
        assertThat(model.heard("decoder_model", "y", 40, oneOfFour)).isEqualTo(40);
        assertThat(model.heard("encoder_model", "x", 4, new Features(new float[6], 2, 3)))
                .isEqualTo(4);
    }

    /** A square weight on what lies under the window gives what the runtime's own convolution does: y y^T = W G W^T. */
    @Test
    void whatLiesUnderAWindowIsWhatTheRuntimeConvolves() throws Exception {
        float[] weight = values(8 * 8);
        requireConvolution(
                new TinyOnnx()
                        .floatInput("features", "batch", "frames", "4")
                        .output("logits", "batch", "8", "steps")
                        .tensor("weight", new long[] {8, 4, 2}, weight)
                        .along("Transpose", "x", "features", "perm", 0, 2, 1)
                        .convolution("logits", "x", "weight", new long[] {2}, new long[] {1, 2}, new long[] {3}),
                "model.onnx/x:conv(2;2;1,2;3)",
                weight);
        requireConvolution(
                new TinyOnnx()
                        .floatInput("features", "batch", "frames", "4")
                        .output("logits", "batch", "8", "steps", "bands")
                        .longs("axes", 1)
                        .tensor("pair", new long[] {1, 2, 1, 1}, 1, -2)
                        .node("Unsqueeze", "one", "features", "axes")
                        .node("Mul", "x", "one", "pair")
                        .tensor("weight", new long[] {8, 2, 2, 2}, weight)
                        .convolution(
                                "logits", "x", "weight", new long[] {2, 1}, new long[] {1, 0, 0, 2}, new long[] {1, 2}),
                "model.onnx/x:conv(2,2;2,1;1,0,0,2;1,2)",
                weight);
    }

    @Test
    void severalGroupsGiveTheBytesOfOne() throws Exception {
        TinyWhisper.writeWithoutDecoder(bundle);
        new TinyWhisper(matrix(8, 8), matrix(8, 8)).writePlain(bundle);
        Path layers = bundle.resolve("encoder_model.onnx");
        new TinyOnnx()
                .floatInput("input_features", "batch", "2", "4")
                .output("last_hidden_state", "batch", "4", "8")
                .matrix("one", matrix(2, 5))
                .matrix("two", matrix(5, 8))
                .along("Transpose", "x", "input_features", "perm", 0, 2, 1)
                .node("MatMul", "y", "x", "one")
                .node("MatMul", "last_hidden_state", "y", "two")
                .write(layers);
        Spoken[] speech = {new Spoken("one", matrix(2, 3), "de", "a b"), new Spoken("two", matrix(2, 4), "de", "b")};
        Collected whole = collect(ONE_GROUP, speech);
        assertThat(whole.keys)
                .containsExactly("decoder_model.onnx/sum", "encoder_model.onnx/x", "encoder_model.onnx/y");
        assertThat(collect(1, speech).bytes).isEqualTo(whole.bytes);
    }

    @Test
    void weightsInAFileOfTheirOwnComeAlong() throws Exception {
        TinyCtc.write(bundle);
        Spoken speech = new Spoken("one", matrix(3, 4), "de", "a");
        Collected inline = collect(ONE_GROUP, speech);
        assertThat(inline.keys).containsExactly("model.onnx/features");
        OnnxMl.ModelProto.Builder model =
                OnnxMl.ModelProto.parseFrom(Files.readAllBytes(bundle.resolve("model.onnx"))).toBuilder();
        OnnxMl.TensorProto.Builder tensor = model.getGraphBuilder().getInitializerBuilder(0);
        ByteBuffer raw = ByteBuffer.allocate(4 * tensor.getFloatDataCount()).order(ByteOrder.LITTLE_ENDIAN);
        tensor.getFloatDataList().forEach(raw::putFloat);
        Files.createDirectories(bundle.resolve("weights"));
        Files.write(bundle.resolve("weights/model.data"), raw.array());
        tensor.clearFloatData()
                .setDataLocation(OnnxMl.TensorProto.DataLocation.EXTERNAL)
                .addExternalData(OnnxMl.StringStringEntryProto.newBuilder()
                        .setKey("location")
                        .setValue("weights/model.data"));
        Files.write(bundle.resolve("model.onnx"), model.build().toByteArray());
        assertThat(collect(ONE_GROUP, speech).bytes).isEqualTo(inline.bytes);
    }

    @Test
    void whatTheModelCannotTakeIsRefusedBeforeItRuns() throws Exception {
        TinyWhisper.writeWithoutDecoder(bundle);
        TinyWhisper.talking().writeMerged(bundle);
        requireRefused(RejectionCode.MISSING_FILE, "stands in a branch", new Spoken("one", matrix(2, 3), "de", "a"));
        TinyWhisper.talking().writePlain(bundle);
        requireRefused(RejectionCode.EVALUATION_SET, "no tokens for", new Spoken("one", matrix(2, 3), "de", "x"));
        requireRefused(RejectionCode.EVALUATION_SET, "at most 4", new Spoken("one", matrix(2, 3), "de", "aaaaa"));
        requireRefused(RejectionCode.EVALUATION_SET, "<|de|>", new Spoken("one", matrix(2, 3), "nl", "a"));
        requireRefused(RejectionCode.EVALUATION_SET, "up to 4 frames", new Spoken("one", matrix(2, 5), "de", "a"));
        Files.delete(bundle.resolve("encoder_model.onnx"));
        requireRefused(RejectionCode.MISSING_FILE, "encoder_model.onnx", new Spoken("one", matrix(2, 3), "de", "a"));
        Path ctc = Files.createDirectories(folder.resolve("ctc"));
        TinyCtc.write(ctc);
        bundle = ctc;
        requireRefused(RejectionCode.EVALUATION_SET, "[frames, 4]", new Spoken("one", matrix(2, 5), "de", "a"));
    }

    @Test
    void numbersThatAreNotFiniteAreRefused() throws Exception {
        TinyCtc.write(bundle);
        new TinyOnnx()
                .floatInput("features", "batch", "frames", "4")
                .output("logits", "batch", "frames", "4")
                .matrix("weight", matrix(4, 4))
                .floats("zero", 0, 0, 0, 0)
                .node("Div", "x", "features", "zero")
                .node("MatMul", "logits", "x", "weight")
                .write(bundle.resolve("model.onnx"));
        requireRefused(
                RejectionCode.NON_FINITE,
                "'x' of model.onnx, on recording 'one'",
                new Spoken("one", matrix(3, 4), "de", "a"));
    }

    private void requireRefused(RejectionCode code, String says, Spoken... speech) {
        assertThatExceptionOfType(RejectedException.class)
                .isThrownBy(() -> collect(ONE_GROUP, speech))
                .withMessageContaining(says)
                .satisfies(e -> assertThat(e.code()).isEqualTo(code));
    }

    private void requireConvolution(TinyOnnx model, String key, float[] weight) throws Exception {
        TinyCtc.write(bundle);
        model.write(bundle.resolve("model.onnx"));
        float[][] features = matrix(11, 4);
        Collected collected = collect(ONE_GROUP, new Spoken("one", features, "de", "a"));
        assertThat(collected.keys).containsExactly(key);
        double[][] gram = collected.matrix(key);
        float[] flat = new float[44];
        for (int i = 0; i < 44; i++) {
            flat[i] = features[i / 4][i % 4];
        }
        double[][] expected = new double[8][8];
        try (OnnxSessions sessions = OnnxSessions.open(bundle, OPTIONS);
                OnnxTensor input = OnnxSessions.floats(flat, 1, 11, 4);
                OrtSession.Result result = sessions.run("model", Map.of("features", input))) {
            float[] y = ((OnnxTensor) result.get(0)).getFloatBuffer().array();
            int positions = y.length / 8;
            assertThat(collected.about.positions()).isEqualTo(positions);
            for (int p = 0; p < positions; p++) {
                for (int i = 0; i < 8; i++) {
                    for (int j = 0; j < 8; j++) {
                        expected[i][j] += y[i * positions + p] * y[j * positions + p];
                    }
                }
            }
        }
        double[][] found = new double[8][8];
        double ratio = 0;
        for (int i = 0; i < 8; i++) {
            for (int j = 0; j < 8; j++) {
                for (int k = 0; k < 8; k++) {
                    for (int l = 0; l < 8; l++) {
                        found[i][j] += weight[i * 8 + k] * gram[k][l] * weight[j * 8 + l];
                    }
                }
            }
            ratio += expected[i][i];
        }
        double trace = 0;
        for (int i = 0; i < 8; i++) {
            trace += found[i][i];
        }
        ratio /= trace;
        for (int i = 0; i < 8; i++) {
            for (int j = 0; j < 8; j++) {
                assertThat(found[i][j] * ratio).isCloseTo(expected[i][j], within(5e-3 * trace * ratio / 8));
            }
        }
    }

    private static void requireGram(Collected collected, String key, double[][] rows) {
        double[][] gram = collected.matrix(key);
        int size = rows[0].length;
        double mean = 0;
        for (double[] row : rows) {
            for (double value : row) {
                mean += value * value / size;
            }
        }
        assertThat(gram).hasNumberOfRows(size);
        for (int i = 0; i < size; i++) {
            for (int j = 0; j < size; j++) {
                double sum = 0;
                for (double[] row : rows) {
                    sum += row[i] * row[j];
                }
                assertThat(gram[i][j]).isCloseTo(sum / mean, within(2e-3 * size));
            }
        }
    }

    /** Features as their rows. */
    private record Spoken(String id, float[][] features, String language, String text) {}

    private record Collected(About about, byte[] bytes, List<String> keys, Map<String, LowRankGram> grams) {
        double[][] matrix(String key) {
            LowRankGram gram = Objects.requireNonNull(grams.get(key));
            int size = gram.size();
            double[][] matrix = new double[size][size];
            for (int i = 0; i < size; i++) {
                matrix[i][i] = gram.diagonal()[i];
                for (int j = 0; j < size; j++) {
                    for (int k = 0; k < gram.rank(); k++) {
                        matrix[i][j] += (double) gram.factors()[k * size + i] * gram.factors()[k * size + j];
                    }
                }
            }
            return matrix;
        }
    }

    private Collected collect(long groupBytes, Spoken... speech) throws Exception {
        Path file = folder.resolve("features.safetensors");
        SafetensorsWriter features = new SafetensorsWriter();
        List<Utterance> utterances = new ArrayList<>();
        for (Spoken one : speech) {
            int rows = one.features.length;
            int columns = one.features[0].length;
            ByteBuffer bytes = ByteBuffer.allocate(4 * rows * columns).order(ByteOrder.LITTLE_ENDIAN);
            for (float[] row : one.features) {
                for (float value : row) {
                    bytes.putFloat(value);
                }
            }
            features.tensor(
                    one.id, ElementType.FLOAT, List.of((long) rows, (long) columns), out -> out.write(bytes.array()));
            Recording recording = new Recording(file, one.id, rows, columns, bytes.capacity());
            utterances.add(new Utterance(recording, one.language, Task.TRANSCRIBE, one.text));
        }
        try (OutputStream out = Files.newOutputStream(file)) {
            features.writeTo(out);
        }
        ModelBundle base = ModelBundle.open(bundle);
        StatisticsWriter writer = new StatisticsWriter(LowRankGram.RANK);
        About about = new StatisticsCollector(OPTIONS, 2, Progress.NONE, groupBytes)
                .collect(base, DIGEST, "de", utterances, writer);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        writer.writeTo(bytes);
        Path written = Files.write(folder.resolve("statistics.safetensors"), bytes.toByteArray());
        try (Statistics statistics = Statistics.open(written)) {
            assertThat(statistics.about()).isEqualTo(about);
            Map<String, LowRankGram> grams = new HashMap<>();
            for (LayerInput input : LayerInputs.of(base)) {
                grams.put(input.key(), statistics.gram(input));
            }
            return new Collected(about, bytes.toByteArray(), statistics.keys(), grams);
        }
    }

    private float[][] matrix(int rows, int columns) {
        float[][] matrix = new float[rows][];
        for (int i = 0; i < rows; i++) {
            matrix[i] = values(columns);
        }
        return matrix;
    }

    private float[] values(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
