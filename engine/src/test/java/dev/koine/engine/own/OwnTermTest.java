package dev.koine.engine.own;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.WorkPool;
import dev.koine.engine.linalg.ExactSvd;
import dev.koine.engine.linalg.LowRank;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.taskvector.DenseBlock;
import dev.koine.engine.taskvector.LorsBlock;
import dev.koine.engine.taskvector.Precision;
import dev.koine.engine.taskvector.PrunedBlock;
import dev.koine.engine.taskvector.TaskVectorFile;
import dev.koine.engine.taskvector.TaskVectorFile.Block;
import dev.koine.engine.tensor.TensorReader;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class OwnTermTest {
    private static final String DIGEST = "sha256:" + "0f".repeat(32);

    @TempDir
    Path folder;

    private List<Block> make(TestSpeech base, TestSpeech expert, int rank, Precision precision, int threads)
            throws Exception {
        ModelBundle ours = ModelBundle.open(base.write(folder.resolve("base")));
        ModelBundle theirs = ModelBundle.open(expert.write(folder.resolve("expert")));
        try (WorkPool pool = new WorkPool(threads)) {
            return new OwnTermMaker(rank, precision, pool, Progress.NONE).make(Alignment.of(ours, theirs));
        }
    }

    private Map<String, float[]> deltas() throws Exception {
        Map<String, float[]> deltas = new HashMap<>();
        ModelBundle expert = ModelBundle.open(folder.resolve("expert"));
        Map<String, Weight> theirs = new HashMap<>();
        expert.weights().forEach(weight -> theirs.put(weight.key(), weight));
        for (Weight weight : ModelBundle.open(folder.resolve("base")).weights()) {
            float[] base = values(weight);
            float[] other = values(Objects.requireNonNull(theirs.get(weight.key())));
            for (int i = 0; i < base.length; i++) {
                other[i] -= base[i];
            }
            deltas.put(weight.key(), other);
        }
        return deltas;
    }

    private static float[] values(Weight weight) throws IOException {
        try (TensorReader reader = TensorReader.open(weight.tensor())) {
            float[] values = new float[Math.toIntExact(reader.numel())];
            reader.read(0, values, 0, values.length);
            return values;
        }
    }

    /** As shared/reference has it: the truncated decomposition, with the square root of each singular value in both factors. */
    @Test
    void matricesAreTheirBestFactorPairsAndVectorsWhole() throws Exception {
        TestSpeech base = TestSpeech.of(TestSpeech.Writing.MATMUL, false);
        int rank = 3;
        List<Block> blocks = make(base, base.tuned(4), rank, Precision.FLOAT32, 2);
        Map<String, float[]> deltas = deltas();
        int vectors = 0;
        for (Block block : blocks) {
            float[] delta = Objects.requireNonNull(deltas.get(block.weights().get(0)));
            float[] kept = new float[delta.length];
            block.values().read(0, kept.length, kept, 0);
            if (block.values() instanceof DenseBlock) {
                vectors++;
                assertThat(kept).isEqualTo(delta);
                continue;
            }
            LowRank factors = ((LorsBlock) block.values()).lowRank();
            double[] best = ExactSvd.truncated(delta, factors.rows(), factors.columns(), rank);
            for (int i = 0; i < kept.length; i++) {
                assertThat((double) kept[i]).isCloseTo(best[i], within(1e-5));
            }
            for (int k = 0; k < rank; k++) {
                double u = 0;
                double v = 0;
                for (int i = 0; i < factors.rows(); i++) {
                    u += Math.pow(factors.u()[i * rank + k], 2);
                }
                for (int j = 0; j < factors.columns(); j++) {
                    v += Math.pow(factors.v()[k * factors.columns() + j], 2);
                }
                assertThat(u / v).isCloseTo(1, within(1e-3));
            }
        }
        assertThat(vectors).isEqualTo(2 * TestSpeech.LAYERS + 3 * TestSpeech.LAYERS + 3);
        assertThat(blocks).hasSize(vectors + 3 * TestSpeech.LAYERS + 1);
        assertThat(blocks.stream().flatMap(block -> block.weights().stream()))
                .doesNotContain("model.onnx/conv", "model.onnx/head");
    }

    @ParameterizedTest
    @EnumSource
    void theSameExpertGivesTheSameBytesOnAnyNumberOfThreads(Precision precision) throws Exception {
        TestSpeech base = TestSpeech.of(TestSpeech.Writing.GEMM, false);
        byte[][] written = new byte[2][];
        for (int i = 0; i < 2; i++) {
            Path file = folder.resolve("term-" + i);
            OwnTerm.write(file, make(base, base.tuned(4), 4, precision, 1 + 2 * i), DIGEST);
            written[i] = Files.readAllBytes(file);
        }
        assertThat(written[1]).isEqualTo(written[0]);
        try (OwnTerm term = OwnTerm.open(folder.resolve("term-0"))) {
            assertThat(term.base()).isEqualTo(DIGEST);
            assertThat(term.rank()).isEqualTo(4);
            for (TaskVectorFile.Entry block : term.blocks()) {
                assertThat(block.precision() == precision || block.dense()).isTrue();
                assertThat(term.read(block).numel()).isEqualTo(block.numel());
            }
        }
    }

    @Test
    void foldedInItIsAddedToTheWeightsAndNothingElseChanges() throws Exception {
        TestSpeech base = TestSpeech.of(TestSpeech.Writing.TRANSPOSED, false);
        Path file = folder.resolve("term");
        OwnTerm.write(file, make(base, base.tuned(4), 4, Precision.INT8, 1), DIGEST);
        ModelBundle ours = ModelBundle.open(folder.resolve("base"));
        Map<String, float[]> added = new HashMap<>();
        try (OwnTerm term = OwnTerm.open(file);
                WorkPool pool = new WorkPool(2)) {
            FoldedModel.write(ours, DIGEST, term, folder.resolve("folded"), pool);
            for (TaskVectorFile.Entry block : term.blocks()) {
                PrunedBlock values = term.read(block);
                float[] numbers = new float[values.numel()];
                values.read(0, numbers.length, numbers, 0);
                block.weights().forEach(key -> added.put(key, numbers));
            }
            assertThatThrownBy(() ->
                            FoldedModel.write(ours, "sha256:" + "11".repeat(32), term, folder.resolve("other"), pool))
                    .hasMessageContaining("made for the base");
        }
        Map<String, Weight> folded = new HashMap<>();
        ModelBundle.open(folder.resolve("folded")).weights().forEach(weight -> folded.put(weight.key(), weight));
        for (Weight weight : ours.weights()) {
            float[] expected = values(weight);
            float[] more = added.getOrDefault(weight.key(), new float[expected.length]);
            for (int i = 0; i < expected.length; i++) {
                expected[i] += more[i];
            }
            assertThat(values(Objects.requireNonNull(folded.get(weight.key()))))
                    .as(weight.key())
                    .isEqualTo(expected);
        }
    }

    @Test
    void anExpertThatChangesOnlyWhatStaysTheBasesIsRefused() throws Exception {
        TestSpeech base = TestSpeech.of(TestSpeech.Writing.MATMUL, false);
        assertThatThrownBy(() -> make(base, base.plus("conv", 0.1f), 3, Precision.FLOAT16, 1))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining("changes no matrix");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            own.version | 2             | own.version is '2'
            own.base    | sha256:12     | own.base is 'sha256:12'
            own.rank    | 1025          | own.rank is '1025'
            own.rank    | 1             | rank 1 or less
            """)
    void aFileThatSaysWhatNoOwnTermSaysIsRefusedByName(String key, String value, String named) throws Exception {
        TestSpeech base = TestSpeech.of(TestSpeech.Writing.MATMUL, false);
        List<Block> blocks = make(base, base.tuned(4), 3, Precision.FLOAT16, 1);
        Map<String, String> metadata = new HashMap<>(Map.of("own.version", "1", "own.base", DIGEST, "own.rank", "3"));
        metadata.put(key, value);
        Path file = folder.resolve("term");
        TaskVectorFile.write(file, blocks, metadata);
        assertThatThrownBy(() -> OwnTerm.open(file))
                .isInstanceOf(RejectedException.class)
                .hasMessageContaining(named)
                .hasMessageContaining("koine own")
                .extracting(e -> ((RejectedException) e).code())
                .isEqualTo(RejectionCode.NOT_SAFETENSORS);
    }
}
