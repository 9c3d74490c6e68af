package dev.koine.engine.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LanczosTest {

    @ParameterizedTest
    @CsvSource({
        "128, 192, 7",
        "192, 128, 7",
        "96, 96, 1",
        "40, 600, 7",
        "600, 40, 7",
        "9, 300, 7",
        "16, 16, 15",
        "3, 2, 1"
    })
    void isTheBestApproximationOfAFineTunesDelta(int rows, int columns, int rank) {
        float[] a = ExactSvd.planted(
                rows,
                columns,
                ExactSvd.fineTuneSpectrum(Math.min(rows, columns), Math.min(12, Math.min(rows, columns))),
                3);
        assertThat(distance(a, rows, columns, rank)).isLessThan(1e-5);
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-30, 1e-36, 1e30, 1e35})
    void magnitudesNeitherUnderflowNorOverflow(double magnitude) {
        double[] sigma = ExactSvd.fineTuneSpectrum(48, 12);
        for (int i = 0; i < sigma.length; i++) {
            sigma[i] *= 100 * magnitude;
        }
        float[] a = ExactSvd.planted(48, 64, sigma, 4);
        assertThat(distance(a, 48, 64, 7)).isLessThan(1e-5);
    }

    @Test
    void extremesOfTheFloatRangeStayFinite() {
        float[] huge = new float[40 * 50];
        float[] tiny = new float[40 * 50];
        Random random = new Random(1);
        for (int i = 0; i < huge.length; i++) {
            huge[i] = random.nextBoolean() ? Float.MAX_VALUE : -Float.MAX_VALUE / 2;
            tiny[i] = random.nextInt(9) * Float.MIN_VALUE;
        }
        for (float[] a : new float[][] {huge, tiny}) {
            LowRank low = Lanczos.truncate(a, 40, 50, 3);
            assertThat(low.rank()).isEqualTo(3);
            for (float x : low.u()) {
                assertThat(x).isFinite();
            }
            for (float x : low.v()) {
                assertThat(x).isFinite();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 7", "4, 7", "7, 7", "8, 16"})
    void loraDeltasOfExactLowRankComeBackWhole(int loraRank, int rank) {
        float[] a = new float[256 * 320];
        Random random = new Random(5);
        for (int k = 0; k < loraRank; k++) {
            double[] u = random.doubles(256, -1, 1).toArray();
            double[] v = random.doubles(320, -1, 1).toArray();
            for (int i = 0; i < a.length; i++) {
                a[i] += (float) (u[i / 320] * v[i % 320] * 1e-3);
            }
        }
        LowRank low = Lanczos.truncate(a, 256, 320, rank);
        assertThat(difference(product(low), a) / ExactSvd.norm(a)).isLessThan(1e-5);
    }

    @Test
    void weakDirectionsOfAnExactlyLowRankDeltaAreFound() {
        float[] a = ExactSvd.planted(200, 160, new double[] {1, 0.3, 3e-2, 3e-3, 1e-3}, 6);
        assertThat(difference(product(Lanczos.truncate(a, 200, 160, 7)), a) / ExactSvd.norm(a))
                .isLessThan(1e-5);
    }

    @Test
    void repeatedSingularValuesAreAllFound() {
        double[] sigma = {5, 5, 5, 4, 4, 3, 3, 1, 1, 1, 0.5, 0.5};
        float[] a = ExactSvd.planted(100, 140, sigma, 7);
        for (int rank : new int[] {3, 5, 7}) {
            assertThat(distance(a, 100, 140, rank)).as("rank %d", rank).isLessThan(1e-5);
        }
    }

    @Test
    void aRepeatedValueOverAFlatTailIsFound() {
        double[] sigma = new double[120];
        java.util.Arrays.fill(sigma, 1);
        for (int i = 0; i < 120; i++) {
            sigma[i] -= i * 1e-4;
        }
        sigma[0] = 3;
        sigma[1] = 3;
        sigma[2] = 2;
        sigma[3] = 2;
        float[] a = ExactSvd.planted(120, 130, sigma, 8);
        assertThat(distance(a, 120, 130, 4)).isLessThan(1e-5);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 63})
    void anyRankOfTheIdentityKeepsThatManyOfItsDirections(int rank) {
        float[] identity = new float[64 * 64];
        for (int i = 0; i < 64; i++) {
            identity[i * 65] = 1;
        }
        LowRank low = Lanczos.truncate(identity, 64, 64, rank);
        assertThat(low.rank()).isEqualTo(rank);
        assertThat(Math.pow(difference(product(low), identity), 2)).isCloseTo(64 - rank, within(1e-4));
    }

    @Test
    void aBlockIdentityComesBackWhole() {
        float[] a = new float[80 * 50];
        for (int i = 0; i < 5; i++) {
            a[i * 50 + i] = 2;
        }
        assertThat(difference(product(Lanczos.truncate(a, 80, 50, 7)), a)).isLessThan(2e-5);
        LowRank low = Lanczos.truncate(a, 80, 50, 3);
        assertThat(Math.pow(difference(product(low), a), 2)).isCloseTo(8, within(1e-3));
    }

    @Test
    void aFlatSpectrumLeavesNoMoreThanTheBestApproximationDoes() {
        float[] a = new float[150 * 200];
        Random random = new Random(9);
        for (int i = 0; i < a.length; i++) {
            a[i] = (float) random.nextGaussian();
        }
        double best = distanceOf(ExactSvd.truncated(a, 150, 200, 7), a);
        assertThat(difference(product(Lanczos.truncate(a, 150, 200, 7)), a)).isLessThan(best * (1 + 1e-5));
        assertThat(distance(a, 150, 200, 7)).isLessThan(1e-4);
    }

    @Test
    @Timeout(300)
    void aStrongDirectionOverANoiseFloorEnds() {
        Random random = new Random(12);
        float[] a = ExactSvd.planted(128, 160, new double[] {1}, 11);
        for (int i = 0; i < a.length; i++) {
            a[i] += (float) (random.nextGaussian() * 1e-5);
        }
        assertThat(distance(a, 128, 160, 7)).isLessThan(1e-5);
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "1, 1, 5", "1, 9, 1", "9, 1, 3", "2, 3, 2", "3, 2, 7", "0, 4, 1"})
    void fromFullRankOnTheProductIsTheMatrixItself(int rows, int columns, int rank) {
        float[] a = new float[rows * columns];
        for (int i = 0; i < a.length; i++) {
            a[i] = 1f / (i + 3);
        }
        LowRank low = Lanczos.truncate(a, rows, columns, rank);
        assertThat(product(low)).containsExactly(a);
    }

    @Test
    void zeroHasNoDirections() {
        assertThat(Lanczos.truncate(new float[30], 5, 6, 3).rank()).isZero();
        assertThat(Lanczos.truncate(new float[] {1, 2, 3, 4, 5, 6}, 2, 3, 0).rank())
                .isZero();
    }

    @Test
    void oneMatrixHasOneResult() {
        float[] a = ExactSvd.planted(64, 80, ExactSvd.fineTuneSpectrum(64, 12), 10);
        LowRank first = Lanczos.truncate(a, 64, 80, 7);
        LowRank second = Lanczos.truncate(a.clone(), 64, 80, 7);
        assertThat(second.u()).containsExactly(first.u());
        assertThat(second.v()).containsExactly(first.v());
    }

    @Test
    void refusesWhatIsNoFiniteMatrix() {
        assertThatThrownBy(() -> Lanczos.truncate(new float[5], 2, 3, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Lanczos.truncate(new float[6], 2, 3, -1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Lanczos.truncate(new float[] {1, Float.NaN}, 1, 2, 1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static org.assertj.core.data.Offset<Double> within(double offset) {
        return org.assertj.core.data.Offset.offset(offset);
    }

    /** Of the product from the exact truncation, relative to the matrix's norm. */
    private static double distance(float[] a, int rows, int columns, int rank) {
        double distance = distanceOf(
                ExactSvd.truncated(a, rows, columns, rank), product(Lanczos.truncate(a, rows, columns, rank)));
        return distance / ExactSvd.norm(a);
    }

    private static double distanceOf(double[] x, float[] y) {
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            sum += (x[i] - y[i]) * (x[i] - y[i]);
        }
        return Math.sqrt(sum);
    }

    private static double difference(float[] x, float[] y) {
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            sum += ((double) x[i] - y[i]) * ((double) x[i] - y[i]);
        }
        return Math.sqrt(sum);
    }

    private static float[] product(LowRank low) {
        float[] product = new float[low.rows() * low.columns()];
        for (int i = 0; i < low.rows(); i++) {
            for (int j = 0; j < low.columns(); j++) {
                for (int k = 0; k < low.rank(); k++) {
                    product[i * low.columns() + j] += low.u()[i * low.rank() + k] * low.v()[k * low.columns() + j];
                }
            }
        }
        return product;
    }
}
