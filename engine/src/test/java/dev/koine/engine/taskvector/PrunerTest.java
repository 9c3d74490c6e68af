package dev.koine.engine.taskvector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.linalg.ExactSvd;
import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.FloatEncoding;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The pruned block against the published recipe, computed naively in double. */
class PrunerTest {

    @ParameterizedTest
    @CsvSource({
        "96, 128, 7, 0.2",
        "128, 96, 7, 0.2",
        "30, 500, 7, 0.05",
        "500, 30, 7, 0.5",
        "64, 64, 1, 0",
        "64, 64, 7, 1",
        "2, 3, 1, 0.2",
        "2, 3, 7, 0.2",
        "1, 40, 7, 0.2",
        "40, 1, 7, 0.2",
        "1, 1, 7, 0.2",
        "1, 1, 0, 0.2",
        "33, 65, 0, 0.2"
    })
    void matchesTheRecipe(int rows, int columns, int rank, double density) throws Exception {
        int side = Math.min(rows, columns);
        float[] delta = ExactSvd.planted(rows, columns, ExactSvd.fineTuneSpectrum(side, Math.min(12, side)), 11);
        requireParity(delta, rows, columns, rank, density);
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-30, 1e30})
    void matchesTheRecipeAtAnyMagnitude(double magnitude) throws Exception {
        double[] sigma = Arrays.stream(ExactSvd.fineTuneSpectrum(60, 12))
                .map(s -> s * magnitude * 100)
                .toArray();
        requireParity(ExactSvd.planted(60, 70, sigma, 12), 60, 70, 7, 0.2);
    }

    @Test
    void matchesTheRecipeOnRepeatedSingularValues() throws Exception {
        requireParity(ExactSvd.planted(60, 70, new double[] {4, 4, 3, 3, 3, 2, 2, 1, 1, 1, 1}, 13), 60, 70, 7, 0.2);
    }

    @Test
    void keepsALoraDeltaWhole() throws Exception {
        float[] delta = ExactSvd.planted(80, 90, new double[] {0.04, 0.03, 0.01, 0.001}, 14);
        float[] read = read(new Pruner(7, 0.2, Precision.FLOAT32, Lanczos::truncate).prune(delta, 80, 90, Policy.LORS));
        assertThat(distance(read, delta)).isLessThan(1e-5 * ExactSvd.norm(delta));
    }

    @ParameterizedTest
    @EnumSource(Policy.class)
    void aZeroDeltaStaysZeroAndKeepsNothing(Policy policy) throws Exception {
        PrunedBlock block = new Pruner(3, 0.5, Precision.FLOAT16, Lanczos::truncate).prune(new float[48], 6, 8, policy);
        assertThat(read(block)).containsOnly(0f).hasSize(48);
        if (block instanceof LorsBlock lors) {
            assertThat(lors.keep()).isZero();
            assertThat(lors.lowRank().rank()).isZero();
        }
    }

    @Test
    void sparseKeepsTheLargestEntriesAndNothingElse() throws Exception {
        float[] delta = {3, -5, 0.5f, 5, -3, 1, 0, 2, 3, -1};
        assertThat(read(new Pruner(7, 0.35, Precision.FLOAT32, Lanczos::truncate).prune(delta, 1, 10, Policy.SPARSE)))
                .containsExactly(3, -5, 0, 5, 0, 0, 0, 0, 0, 0);
    }

    @Test
    void keepsAsManyEntriesAsTheReferenceDoes() throws Exception {
        float[] delta = new float[1000];
        for (int i = 0; i < delta.length; i++) {
            delta[i] = i + 1;
        }
        for (double density : new double[] {0.29, 0.57, 0.0009, 0.9999999}) {
            LorsBlock block = (LorsBlock)
                    new Pruner(0, density, Precision.FLOAT32, Lanczos::truncate).prune(delta, 1, 1000, Policy.SPARSE);
            assertThat(block.keep()).isEqualTo((int) Math.floor(1000 * density));
        }
    }

    @Test
    void frozenReadsAsZeroAndDenseAsItself() throws Exception {
        float[] delta = {1, -2, 3};
        assertThat(read(new Pruner(7, 0.2, Precision.FLOAT32, Lanczos::truncate).prune(delta, 1, 3, Policy.FROZEN)))
                .containsOnly(0f);
        assertThat(read(new Pruner(7, 0.2, Precision.FLOAT32, Lanczos::truncate).prune(delta, 1, 3, Policy.DENSE)))
                .containsExactly(delta);
        assertThat(read(new Pruner(7, 0.2, Precision.FLOAT32, Lanczos::truncate).dense(new float[] {1, 2, 99}, 2)))
                .containsExactly(1, 2);
    }

    @Test
    void float16RoundsOnceAndTheSparsePartMakesUpForTheFactors() throws Exception {
        float[] delta = ExactSvd.planted(60, 70, ExactSvd.fineTuneSpectrum(60, 12), 15);
        LorsBlock block =
                (LorsBlock) new Pruner(7, 1.0, Precision.FLOAT16, Lanczos::truncate).prune(delta, 60, 70, Policy.LORS);
        for (float x : block.lowRank().u()) {
            assertThat(x).isEqualTo(FloatEncoding.rounded(ElementType.FLOAT16, x));
        }
        assertThat(distance(read(block), delta)).isLessThan(1e-3 * ExactSvd.norm(delta));
        float[] low = read(new LorsBlock(Precision.FLOAT32, block.lowRank(), new long[0], new float[0]));
        int next = 0;
        for (int i = 0; i < delta.length; i++) {
            if (delta[i] - low[i] != 0) {
                assertThat(block.values()[next++])
                        .isEqualTo(FloatEncoding.rounded(ElementType.FLOAT16, delta[i] - low[i]));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Policy.class,
            names = {"LORS", "SPARSE", "DENSE"})
    void whatFloat16CannotHoldIsRefusedWithAWayOut(Policy policy) {
        float[] delta = new float[100];
        for (int i = 0; i < 100; i++) {
            delta[i] = (float) (1e12 * new Random(i).nextGaussian());
        }
        assertThatThrownBy(() -> new Pruner(2, 0.5, Precision.FLOAT16, Lanczos::truncate).prune(delta, 10, 10, policy))
                .isInstanceOfSatisfying(
                        RejectedException.class, e -> assertThat(e.code()).isEqualTo(RejectionCode.NON_FINITE))
                .hasMessageContaining("FLOAT32");
    }

    @ParameterizedTest
    @EnumSource(Policy.class)
    void nonFiniteDeltasAreRefused(Policy policy) {
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            float[] delta = {1, 2, 3, bad, 5, 6};
            assertThatThrownBy(
                            () -> new Pruner(1, 0.5, Precision.FLOAT32, Lanczos::truncate).prune(delta, 2, 3, policy))
                    .isInstanceOfSatisfying(
                            RejectedException.class, e -> assertThat(e.code()).isEqualTo(RejectionCode.NON_FINITE))
                    .hasMessageContaining("Element 3");
        }
    }

    /** Within 1e-5 of the norm but for at most two entries at the selection threshold. */
    private static void requireParity(float[] delta, int rows, int columns, int rank, double density) throws Exception {
        float[] actual = read(new Pruner(rank, density, Precision.FLOAT32, Lanczos::truncate)
                .prune(delta, rows, columns, Policy.LORS));
        double[] expected = Reference.prune(Reference.doubles(delta), rows, columns, rank, density);
        assertThat(Reference.distance(Reference.doubles(actual), expected, 2))
                .isLessThanOrEqualTo(1e-5 * ExactSvd.norm(delta));
    }

    static float[] read(PrunedBlock block) {
        float[] values = new float[block.numel()];
        block.read(0, values.length, values, 0);
        return values;
    }

    private static double distance(float[] x, float[] y) {
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            sum += ((double) x[i] - y[i]) * ((double) x[i] - y[i]);
        }
        return Math.sqrt(sum);
    }
}
