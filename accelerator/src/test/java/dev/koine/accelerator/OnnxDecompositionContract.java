package dev.koine.accelerator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.linalg.LowRank;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every device has to do: products within 1e-5 of the matrix's norm from {@link Lanczos}'s, which is the oracle. */
abstract class OnnxDecompositionContract {
    private static final double TOLERANCE = 1e-5;

    abstract OnnxDecomposition device();

    @ParameterizedTest
    @CsvSource({"192, 256, 7", "256, 192, 7", "200, 200, 7", "151, 333, 7", "600, 96, 1", "120, 128, 3", "320, 256, 16"
    })
    void decayingSpectraAreTruncatedByTheGraph(int rows, int columns, int rank) throws IOException {
        double[] sigma = new double[Math.min(rows, columns)];
        Arrays.setAll(sigma, i -> (i < 12 ? 6 - i / 3.0 : 1) * 1e-2 / Math.sqrt(i + 1));
        float[] a = Matrices.planted(rows, columns, sigma, 3);
        assertThat(device().byGraph(a, rows, columns, rank, Matrices.norm(a))).isPresent();
        assertAgrees(a, rows, columns, rank);
    }

    @ParameterizedTest
    @CsvSource({"192, 256", "256, 192"})
    void soAreSpectraWithAFlatTail(int rows, int columns) throws IOException {
        double[] sigma = new double[192];
        Arrays.setAll(sigma, i -> i < 7 ? 1 - 0.05 * i : 0.5 * Math.pow(i + 1, -0.15));
        float[] a = Matrices.planted(rows, columns, sigma, 4);
        assertThat(device().byGraph(a, rows, columns, 7, Matrices.norm(a))).isPresent();
        assertAgrees(a, rows, columns, 7);
    }

    @ParameterizedTest
    @CsvSource({"1, 0", "3, 0", "5, 0", "7, 0", "8, 0", "1, 1e-9", "3, 1e-9", "8, 1e-9", "8, 1e-6"})
    void soAreDeltasOfExactlyLowRank(int loraRank, double noise) throws IOException {
        float[] a = Matrices.lora(256, 320, loraRank, noise);
        assertThat(device().byGraph(a, 256, 320, 7, Matrices.norm(a))).isPresent();
        assertAgrees(a, 256, 320, 7);
        if (loraRank <= 7) {
            float[] product = Matrices.product(device().truncate(a, 256, 320, 7));
            assertThat(Matrices.distance(product, a) / Matrices.norm(a)).isLessThan(TOLERANCE);
        }
    }

    @Test
    void whatTheGraphCannotDoIsDoneInJava() throws IOException {
        float[] identity = new float[160 * 160];
        for (int i = 0; i < 160; i++) {
            identity[i * 161] = 1;
        }
        float[] block = new float[160 * 120];
        for (int i = 0; i < 5; i++) {
            block[i * 121] = 2;
        }
        float[] noise = new float[160 * 200];
        Random random = new Random(9);
        for (int i = 0; i < noise.length; i++) {
            noise[i] = (float) random.nextGaussian();
        }
        float[] weak = Matrices.planted(200, 160, new double[] {1, 0.3, 3e-2, 3e-3, 1e-3}, 6);
        assertFallsBack(identity, 160, 160);
        assertFallsBack(block, 160, 120);
        assertFallsBack(noise, 160, 200);
        assertFallsBack(weak, 200, 160);
    }

    private void assertFallsBack(float[] a, int rows, int columns) throws IOException {
        assertThat(device().byGraph(a, rows, columns, 7, Matrices.norm(a))).isEmpty();
        assertSame(device().truncate(a, rows, columns, 7), Lanczos.truncate(a, rows, columns, 7));
    }

    @Test
    void repeatedSingularValuesAreAllFound() throws IOException {
        float[] a = Matrices.planted(130, 170, new double[] {5, 5, 5, 4, 4, 3, 3, 1, 1, 1, 0.5, 0.5}, 7);
        for (int rank : new int[] {3, 5, 7}) {
            assertAgrees(a, 130, 170, rank);
        }
        assertAgrees(Matrices.planted(130, 170, new double[] {5, 5, 5, 5, 5, 5, 5}, 7), 130, 170, 7);
    }

    @Test
    void veryRapidDecayIsFollowed() throws IOException {
        double[] sigma = new double[40];
        Arrays.setAll(sigma, i -> Math.pow(0.3, i));
        assertAgrees(Matrices.planted(200, 150, sigma, 4), 200, 150, 7);
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-36, 1e-30, 1e30, 1e35})
    void magnitudesNeitherUnderflowNorOverflow(double magnitude) throws IOException {
        double[] sigma = new double[128];
        Arrays.setAll(sigma, i -> 100 * magnitude / (i + 1));
        float[] a = Matrices.planted(128, 160, sigma, 4);
        assertThat(device().byGraph(a, 128, 160, 7, Matrices.norm(a))).isPresent();
        assertAgrees(a, 128, 160, 7);
    }

    @Test
    void zeroFullRankAndVectorsAreAsInJava() throws IOException {
        assertThat(device().truncate(new float[200 * 100], 200, 100, 7).rank()).isZero();
        float[] a = Matrices.lora(128, 96, 20, 0);
        assertThat(device().truncate(a, 128, 96, 0).rank()).isZero();
        assertThat(Matrices.product(device().truncate(a, 128, 96, 96))).containsExactly(a);
        assertThat(Matrices.product(device().truncate(a, 128, 96, 500))).containsExactly(a);
        assertThat(Matrices.product(device().truncate(a, 1, 128 * 96, 7))).containsExactly(a);
    }

    @Test
    void refusesWhatIsNoFiniteMatrix() {
        float[] a = new float[200 * 100];
        assertThatThrownBy(() -> device().truncate(a, 200, 101, 7)).isInstanceOf(IllegalArgumentException.class);
        a[5] = Float.NaN;
        assertThatThrownBy(() -> device().truncate(a, 200, 100, 7)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void threadsGetTheResultsOfOne() throws Exception {
        float[][] matrices = new float[8][];
        LowRank[] alone = new LowRank[8];
        for (int i = 0; i < 8; i++) {
            matrices[i] = Matrices.lora(96 + 32 * i, 128, 20 + i, 1e-5);
            alone[i] = device().truncate(matrices[i], 96 + 32 * i, 128, 7);
        }
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Callable<LowRank>> calls = new java.util.ArrayList<>();
            for (int round = 0; round < 5; round++) {
                for (int i = 0; i < 8; i++) {
                    int at = i;
                    calls.add(() -> device().truncate(matrices[at], 96 + 32 * at, 128, 7));
                }
            }
            List<Future<LowRank>> results = threads.invokeAll(Collections.unmodifiableList(calls));
            for (int i = 0; i < results.size(); i++) {
                assertSame(results.get(i).get(), alone[i % 8]);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static void assertSame(LowRank actual, LowRank expected) {
        assertThat(actual.u()).containsExactly(expected.u());
        assertThat(actual.v()).containsExactly(expected.v());
    }

    private void assertAgrees(float[] a, int rows, int columns, int rank) throws IOException {
        LowRank low = device().truncate(a, rows, columns, rank);
        assertThat(low.rows()).isEqualTo(rows);
        assertThat(low.columns()).isEqualTo(columns);
        float[] expected = Matrices.product(Lanczos.truncate(a, rows, columns, rank));
        assertThat(Matrices.distance(Matrices.product(low), expected) / Matrices.norm(a))
                .isLessThan(TOLERANCE);
    }
}
