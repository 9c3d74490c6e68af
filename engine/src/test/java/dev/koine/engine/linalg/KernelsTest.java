package dev.koine.engine.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the Vector API computes has the bits of what plain Java computes. */
class KernelsTest {
    private static final int AT = 3;

    private final Random random = new Random(1);

    @BeforeEach
    void theTestsRunWithTheVectorApi() {
        assertThat(ModuleLayer.boot().findModule("jdk.incubator.vector")).isPresent();
        assumeTrue(VectorKernels.isFast(), "not run: this machine's vectors are shorter than 256 bits");
        assertThat(Kernels.fastest()).isInstanceOf(VectorKernels.class);
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "3, 7", "4, 8", "5, 9", "11, 64", "64, 131", "2, 1000"})
    void dotsAndSumsOfRows(int rows, int n) {
        float[] a = floats(AT + rows * n);
        float[] x = floats(n);
        float[] t = floats(rows + AT);
        float[] y = floats(n);
        float[][] results = new float[2][];
        float[][] sums = new float[2][];
        for (int i = 0; i < 2; i++) {
            results[i] = t.clone();
            sums[i] = y.clone();
            kernels(i).dots(a, AT, rows, x, n, results[i], AT);
            kernels(i).addRows(a, AT, rows, t, AT, sums[i], n);
        }
        assertThat(results[1]).isEqualTo(results[0]);
        assertThat(sums[1]).isEqualTo(sums[0]);
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 0", "1, 20, 3", "7, 64, 0", "7, 131, 5", "3, 9, 2"})
    void productsOfLowRankFactors(int rank, int columns, int column) {
        float[] u = floats(5 * rank);
        float[] v = floats(rank * columns);
        float[][] results = new float[2][AT + columns];
        for (int i = 0; i < 2; i++) {
            kernels(i).product(u, 2 * rank, rank, v, columns, column, columns - column, results[i], AT);
        }
        assertThat(results[1]).isEqualTo(results[0]);
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "1, 3, 32", "7, 5, 70", "7, 4, 31", "33, 6, 128", "2, 2, 100"})
    void productsOfWholeRows(int rank, int rows, int columns) {
        float[] u = floats((2 + rows) * rank);
        float[] v = floats(rank * columns);
        float[][] results = new float[2][AT + rows * columns + 1];
        for (int i = 0; i < 2; i++) {
            kernels(i).products(u, 2 * rank, rows, rank, v, columns, results[i], AT);
        }
        assertThat(results[1]).isEqualTo(results[0]);
        for (int i = 0; i < rows; i++) {
            float[] row = new float[columns];
            Kernels.plain().product(u, (2 + i) * rank, rank, v, columns, 0, columns, row, 0);
            assertThat(Arrays.copyOfRange(results[0], AT + i * columns, AT + (i + 1) * columns))
                    .isEqualTo(row);
        }
    }

    @ParameterizedTest
    @CsvSource({"0", "1", "7", "8", "31", "64"})
    void totalsThatMayWrap(int count) {
        Grid grid = new Grid(0x1p-26);
        float[] values = floats(count);
        int[] before = random.ints(count).toArray();
        for (float extreme : new float[] {0, 31.99f, -32, 1e30f, Float.NaN, Float.NEGATIVE_INFINITY}) {
            if (count > 0) {
                values[random.nextInt(count)] = extreme;
            }
            for (int sign : new int[] {1, -1}) {
                int[][] totals = {before.clone(), before.clone()};
                boolean[] inRange = new boolean[2];
                for (int i = 0; i < 2; i++) {
                    inRange[i] = kernels(i).addTotals(totals[i], 0, values, count, 0.01, grid, sign);
                }
                assertThat(inRange[1]).isEqualTo(inRange[0]);
                if (inRange[0]) {
                    int[] expected = before.clone();
                    for (int i = 0; i < count; i++) {
                        expected[i] += sign * (int) (long) Math.rint(0.01 * values[i] * 0x1p26);
                    }
                    assertThat(totals[0]).isEqualTo(expected);
                    assertThat(totals[1]).isEqualTo(expected);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"0", "1", "7", "8", "31", "64"})
    void weightsOfTotals(int count) {
        Grid grid = new Grid(0x1p-26);
        float[] weights = floats(count);
        int[] totals = random.ints(AT + count).toArray();
        for (int i = 0; i < count; i += 3) {
            totals[AT + i] = 0;
            weights[i] = i % 2 == 0 ? -0f : weights[i];
        }
        float[] expected = weights.clone();
        for (int i = 0; i < count; i++) {
            int n = totals[AT + i];
            expected[i] = n == 0 ? weights[i] : (float) (weights[i] - 0.3 * (n * 0x1p-26));
        }
        for (int i = 0; i < 2; i++) {
            float[] merged = weights.clone();
            kernels(i).mergeTotals(merged, totals, AT, count, grid, -0.3);
            assertThat(merged).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @CsvSource({"0", "1", "7", "8", "31", "64"})
    void magnitudesOfALeastSize(int count) {
        float[] values = floats(AT + count);
        if (count > 2) {
            values[AT] = Float.NaN;
            values[AT + 1] = Float.NEGATIVE_INFINITY;
            values[AT + 2] = -1;
        }
        for (float least : new float[] {0, Float.MIN_VALUE, 1, Math.nextUp(1f), Float.POSITIVE_INFINITY}) {
            int bits = Float.floatToRawIntBits(least);
            assertThat(kernels(1).atLeast(values, AT, count, bits))
                    .isEqualTo(kernels(0).atLeast(values, AT, count, bits));
        }
    }

    @ParameterizedTest
    @CsvSource({"0", "1", "7", "8", "31", "64"})
    void largestMagnitudesAndDifferences(int count) {
        for (float extreme : new float[] {-1e30f, Float.NaN, Float.NEGATIVE_INFINITY}) {
            float[] x = floats(AT + count);
            float[] y = floats(AT + count);
            x[random.nextInt(x.length)] = extreme;
            assertThat(Float.compare(
                            kernels(1).largest(x, AT, count), kernels(0).largest(x, AT, count)))
                    .isZero();
            float[][] differences = {x.clone(), x.clone()};
            float[] largest = new float[2];
            for (int i = 0; i < 2; i++) {
                largest[i] = kernels(i).subtract(differences[i], y, count);
            }
            assertThat(Float.compare(largest[1], largest[0])).isZero();
            assertThat(differences[1]).isEqualTo(differences[0]);
        }
    }

    @ParameterizedTest
    @CsvSource({"0", "1", "7", "8", "31", "64"})
    void whatAGridKeepsOfValues(int count) {
        for (boolean wide : new boolean[] {false, true}) {
            for (float extreme :
                    new float[] {0, -0f, 0x1p5f, 0x1p6f, 0x1p25f, 0x1p26f, Float.NaN, Float.NEGATIVE_INFINITY}) {
                whatAGridKeepsOfValues(count, extreme, new Grid(0x1p-26, wide));
            }
        }
    }

    private void whatAGridKeepsOfValues(int count, float extreme, Grid grid) {
        float[] values = floats(count + 1);
        values[random.nextInt(values.length)] = extreme;
        float[] weights = floats(AT + count);
        weights[AT + random.nextInt(count + 1) - 1] = -0f;
        float[][] sums = {weights.clone(), weights.clone()};
        boolean[] inRange = new boolean[2];
        for (int i = 0; i < 2; i++) {
            inRange[i] = kernels(i).addOnGrid(sums[i], AT, values, count, 0.7, grid, -0.3);
        }
        assertThat(inRange[1]).isEqualTo(inRange[0]);
        if (inRange[0]) {
            assertThat(sums[1]).isEqualTo(sums[0]);
            for (int i = 0; i < count; i++) {
                double n = Math.rint(0.7 * values[i] * 0x1p26);
                float expected = n == 0 ? weights[AT + i] : (float) (weights[AT + i] - 0.3 * (n * 0x1p-26));
                assertThat(Float.floatToRawIntBits(sums[0][AT + i])).isEqualTo(Float.floatToRawIntBits(expected));
            }
        }
    }

    private static Kernels kernels(int i) {
        return i == 0 ? Kernels.plain() : new VectorKernels();
    }

    private float[] floats(int n) {
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) Math.scalb(random.nextGaussian(), random.nextInt(20) - 10);
        }
        return values;
    }
}
