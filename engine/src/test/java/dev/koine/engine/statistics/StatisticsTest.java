package dev.koine.engine.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.safetensors.SafetensorsWriter;
import dev.koine.engine.statistics.Statistics.About;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.FloatEncoding;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatisticsTest {
    private static final About ABOUT = new About("sha256:" + "a".repeat(64), "de-AT", 24, 36_000);
    private static final LayerInput INPUT = new LayerInput("model.onnx/x", 7, List.of());

    @TempDir
    Path folder;

    @Property(tries = 50)
    void aMatrixComesBackAtAMeanDiagonalOfOne(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        int size = 1 + random.nextInt(9);
        LayerInput input = new LayerInput("m/x", size, List.of());
        double[][] rows = new double[1 + random.nextInt(Math.max(1, size - 1))][size];
        for (double[] row : rows) {
            for (int i = 0; i < size; i++) {
                row[i] = random.nextGaussian() * Math.pow(10, i - 4.0);
            }
        }
        double[] gram = gram(input, rows);
        double mean = 0;
        for (int i = 0; i < size; i++) {
            for (double[] row : rows) {
                mean += row[i] * row[i] / size;
            }
        }
        Path file = Files.createTempFile("statistics", ".safetensors");
        try {
            Files.write(file, bytes(new StatisticsWriter(ABOUT).add(input, gram)));
            try (Statistics statistics = Statistics.open(file)) {
                assertThat(statistics.about()).isEqualTo(ABOUT);
                assertThat(statistics.has(input)).isTrue();
                LowRankGram again = statistics.gram(input);
                assertThat(again.mean()).isCloseTo(1, within(1e-3));
                double largest = 0;
                for (double entry : gram) {
                    largest = Math.max(largest, Math.abs(entry) / mean);
                }
                int at = 0;
                for (int i = 0; i < size; i++) {
                    for (int j = 0; j <= i; j++) {
                        assertThat(entry(again, i, j)).isCloseTo(gram[at++] / mean, within(largest / 500));
                    }
                }
            }
        } finally {
            Files.delete(file);
        }
    }

    @Test
    void theOrderAndTheScaleOfWhatIsGivenChangeNoByte() throws Exception {
        LayerInput other = new LayerInput("model.onnx/a", 1, List.of());
        double[] gram = gram(INPUT, rows());
        double[] larger = gram.clone();
        for (int i = 0; i < larger.length; i++) {
            larger[i] *= 1024;
        }
        byte[] bytes = bytes(new StatisticsWriter(ABOUT).add(INPUT, gram).add(other, new double[] {4}));
        assertThat(bytes(
                        new StatisticsWriter(ABOUT).add(other, new double[] {1}).add(INPUT, larger)))
                .isEqualTo(bytes);
        Path file = Files.write(folder.resolve("s"), bytes);
        try (Statistics statistics = Statistics.open(file)) {
            assertThat(statistics.keys()).containsExactly("model.onnx/a", "model.onnx/x");
            assertThat(statistics.gram(other).mean()).isEqualTo(1);
        }
    }

    @Test
    void anInputOfZerosStaysSo() throws Exception {
        double[] zeros = new double[INPUT.packedSize()];
        Path file = Files.write(folder.resolve("s"), bytes(new StatisticsWriter(ABOUT).add(INPUT, zeros)));
        try (Statistics statistics = Statistics.open(file)) {
            assertThat(statistics.gram(INPUT).mean()).isZero();
        }
    }

    @Test
    void whatIsNoGramMatrixIsNotWritten() {
        double[] gram = gram(INPUT, rows());
        StatisticsWriter writer = new StatisticsWriter(ABOUT);
        assertThatIllegalArgumentException().isThrownBy(() -> writer.add(INPUT, new double[3]));
        for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY, -1}) {
            double[] broken = gram.clone();
            broken[0] = bad;
            assertThatIllegalArgumentException().isThrownBy(() -> writer.add(INPUT, broken));
        }
        double[] broken = gram.clone();
        broken[1] = Double.NaN;
        assertThatIllegalArgumentException().isThrownBy(() -> writer.add(INPUT, broken));
        assertThatIllegalArgumentException().isThrownBy(() -> new About("sha256:1", "de", 1, 1));
    }

    @Test
    void anInputThatIsNotThereOrOfAnotherSizeIsRefused() throws Exception {
        Path file =
                Files.write(folder.resolve("s"), bytes(new StatisticsWriter(ABOUT).add(INPUT, gram(INPUT, rows()))));
        try (Statistics statistics = Statistics.open(file)) {
            LayerInput absent = new LayerInput("model.onnx/y", 7, List.of());
            assertThat(statistics.has(absent)).isFalse();
            requireRefused(statistics, absent, "lacks model.onnx/y.diagonal");
            requireRefused(statistics, new LayerInput(INPUT.key(), 8, List.of()), "rows of 7 numbers");
        }
    }

    @Test
    void numbersThatNoGramMatrixHasAreRefused() throws Exception {
        float[] none = {0, 0};
        requireNumbersRefused(new float[] {2, -1}, none, RejectionCode.NOT_SAFETENSORS, "negative");
        requireNumbersRefused(new float[] {1, 2}, none, RejectionCode.NOT_SAFETENSORS, "mean 1.5");
        requireNumbersRefused(new float[] {1, 1}, new float[] {1, 0}, RejectionCode.NOT_SAFETENSORS, "mean 1.5");
        requireNumbersRefused(new float[] {1, Float.NaN}, none, RejectionCode.NON_FINITE, "Element 1");
        requireNumbersRefused(
                new float[] {1, 1}, new float[] {0, Float.POSITIVE_INFINITY}, RejectionCode.NON_FINITE, "Infinity");
    }

    @Test
    void aFileThatIsNoStatisticsIsRefused() throws Exception {
        requireFileRefused(Map.of(), "format is 'missing'");
        requireFileRefused(metadata("koine.version", "2"), "version '2'");
        requireFileRefused(metadata("koine.format", "koine-task-vector"), "koine-task-vector");
        requireFileRefused(metadata("koine.base", "sha256:xyz"), "koine.base is 'sha256:xyz'");
        requireFileRefused(metadata("koine.language", "\u001b[31m"), "'?[31m'");
        requireFileRefused(metadata("koine.utterances", "99999999999"), "koine.utterances");
        requireFileRefused(metadata("koine.positions", "0"), "koine.positions");
        TreeMap<String, String> without = metadata("koine.base", "");
        without.remove("koine.base");
        requireFileRefused(without, "lacks koine.base");
        requireTensorRefused("x.diagonal", ElementType.FLOAT16, 2);
        requireTensorRefused("x.factors", ElementType.FLOAT16, 2);
        requireTensorRefused("x", ElementType.FLOAT, 2);
        requireTensorRefused("x.diagonal", ElementType.FLOAT, 0);
    }

    @Test
    void aFolderWithoutTheFileIsRefused() throws Exception {
        for (Path file : List.of(folder.resolve("absent"), Files.createDirectory(folder.resolve("directory")))) {
            assertThatExceptionOfType(RejectedException.class)
                    .isThrownBy(() -> Statistics.open(file).close())
                    .withMessageContaining("that koine statistics wrote")
                    .satisfies(e -> assertThat(e.code()).isEqualTo(RejectionCode.MISSING_FILE));
        }
    }

    @Test
    void aLargeHeaderIsRefusedBeforeItIsRead() throws Exception {
        Path file = folder.resolve("s");
        try (OutputStream out = Files.newOutputStream(file)) {
            out.write(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong((8 << 20) + 1)
                    .array());
            out.write(new byte[(8 << 20) + 1]);
        }
        assertThatExceptionOfType(RejectedException.class)
                .isThrownBy(() -> Statistics.open(file).close())
                .withMessageContaining("a header of 8388609 bytes")
                .satisfies(e -> assertThat(e.code()).isEqualTo(RejectionCode.TOO_LARGE));
    }

    @Property(tries = 500)
    void aDamagedFileIsRefusedOrReadAndNothingElse(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        byte[] bytes = bytes(new StatisticsWriter(ABOUT).add(INPUT, gram(INPUT, rows())));
        for (int i = 0; i < 1 + random.nextInt(4); i++) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        Path file = Files.createTempFile("statistics", ".safetensors");
        Files.write(file, bytes);
        try (Statistics statistics = Statistics.open(file)) {
            assertThat(statistics.gram(INPUT).mean()).isBetween(0.0, 1.1);
        } catch (RejectedException e) {
            assertThat(e.code()).isIn(RejectionCode.NOT_SAFETENSORS, RejectionCode.NON_FINITE, RejectionCode.TOO_LARGE);
        } finally {
            Files.delete(file);
        }
    }

    private static double entry(LowRankGram gram, int i, int j) {
        double entry = i == j ? gram.diagonal()[i] : 0;
        for (int k = 0; k < gram.rank(); k++) {
            entry += (double) gram.factors()[k * gram.size() + i] * gram.factors()[k * gram.size() + j];
        }
        return entry;
    }

    private static double[][] rows() {
        Random random = new Random(1);
        return random.doubles(5).mapToObj(x -> random.doubles(7).toArray()).toArray(double[][]::new);
    }

    private static double[] gram(LayerInput input, double[][] rows) {
        double[] gram = new double[input.packedSize()];
        int at = 0;
        for (int i = 0; i < input.size(); i++) {
            for (int j = 0; j <= i; j++) {
                for (double[] row : rows) {
                    gram[at] += row[i] * row[j];
                }
                at++;
            }
        }
        return gram;
    }

    private static byte[] bytes(StatisticsWriter writer) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        writer.writeTo(out);
        return out.toByteArray();
    }

    private static TreeMap<String, String> metadata(String key, String value) {
        TreeMap<String, String> metadata = new TreeMap<>(ABOUT.metadata());
        metadata.put("koine.format", "koine-statistics");
        metadata.put("koine.version", "1");
        metadata.put(key, value);
        return metadata;
    }

    private static SafetensorsWriter.Elements elements(ElementType type, float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        FloatEncoding.encode(type, values, 0, values.length, bytes);
        return out -> out.write(bytes.array());
    }

    private Path write(SafetensorsWriter writer) throws IOException {
        Path file = folder.resolve("s");
        try (OutputStream out = Files.newOutputStream(file)) {
            writer.writeTo(out);
        }
        return file;
    }

    private void requireNumbersRefused(float[] diagonal, float[] factors, RejectionCode code, String says)
            throws Exception {
        Path file = write(new SafetensorsWriter()
                .metadata(metadata("koine.version", "1"))
                .tensor("x.diagonal", ElementType.FLOAT, List.of(2L), elements(ElementType.FLOAT, diagonal))
                .tensor("x.factors", ElementType.FLOAT16, List.of(1L, 2L), elements(ElementType.FLOAT16, factors)));
        try (Statistics statistics = Statistics.open(file)) {
            assertThatExceptionOfType(RejectedException.class)
                    .isThrownBy(() -> statistics.gram(new LayerInput("x", 2, List.of())))
                    .withMessageContaining(says)
                    .withMessageContaining("koine statistics")
                    .satisfies(e -> assertThat(e.code()).isEqualTo(code));
        }
    }

    private void requireTensorRefused(String name, ElementType type, int count) throws Exception {
        requireFileRefused(
                new SafetensorsWriter()
                        .metadata(metadata("koine.version", "1"))
                        .tensor(name, type, List.of((long) count), elements(type, new float[count])),
                "the tensor " + name + " of type " + type.safetensorsName());
    }

    private void requireFileRefused(Map<String, String> metadata, String says) throws Exception {
        requireFileRefused(new SafetensorsWriter().metadata(metadata), says);
    }

    private void requireFileRefused(SafetensorsWriter writer, String says) throws Exception {
        Path file = write(writer);
        assertThatExceptionOfType(RejectedException.class)
                .isThrownBy(() -> Statistics.open(file).close())
                .withMessageContaining(says)
                .withMessageContaining("Collect them again with koine statistics")
                .satisfies(e -> assertThat(e.code()).isEqualTo(RejectionCode.NOT_SAFETENSORS));
    }

    private static void requireRefused(Statistics statistics, LayerInput input, String says) {
        assertThatExceptionOfType(RejectedException.class)
                .isThrownBy(() -> statistics.gram(input))
                .withMessageContaining(says)
                .satisfies(e -> assertThat(e.code()).isEqualTo(RejectionCode.NOT_SAFETENSORS));
    }
}
