package dev.koine.engine.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GridTest {

    @Property
    void rangesOver16To32TimesTheLargestMagnitude(@ForAll @IntRange(min = 1, max = 0x7f7fffff) int bits) {
        float largest = Float.intBitsToFloat(bits);
        double step = Grid.of(largest).step();
        assertThat(step * 0x1p31 / largest).isGreaterThan(16).isLessThanOrEqualTo(32);
        assertThat(Grid.of(Float.MIN_VALUE).step()).isEqualTo(0x1p-175);
    }

    @Property
    void addsWhatItRounds(
            @ForAll float value,
            @ForAll @IntRange(min = -3, max = 3) int weight,
            @ForAll int total,
            @ForAll boolean minus) {
        for (Grid grid : new Grid[] {Grid.of(0.37f), Grid.of(Math.abs(value) <= 1e30f ? Math.abs(value) : 1)}) {
            int[] totals = {0, total};
            int sign = minus ? -1 : 1;
            double addend = grid.toGrid(value, 0.3 * weight);
            double sum = total + sign * addend;
            boolean fits = Math.abs(addend) <= Integer.MAX_VALUE && Math.abs(sum) <= Integer.MAX_VALUE;
            assertThat(grid.add(totals, 1, new float[] {value}, 1, 0.3 * weight, sign, false))
                    .isEqualTo(fits ? 1 : 0);
            assertThat(totals[1]).isEqualTo(fits ? (int) sum : total);
        }
    }

    @Test
    void addsUpToTheLastPlaceOfItsRange() {
        Grid grid = Grid.of(0);
        for (double places :
                new double[] {0.5, 1.5, -2.5, 0x7fffffff.4p0, 0x7fffffff.8p0, -0x7fffffff.4p0, 0x1p31, Double.NaN}) {
            int[] totals = {0};
            int added = grid.add(totals, 0, new float[] {1}, 1, places * grid.step(), 1, false);
            double expected = Math.rint(places);
            assertThat(added).isEqualTo(Math.abs(expected) <= Integer.MAX_VALUE ? 1 : 0);
            assertThat(totals[0]).isEqualTo(added == 1 ? (int) expected : 0);
        }
    }

    @Property
    void aWideGridAddsWhatItRounds(
            @ForAll float value, @ForAll @IntRange(min = -3, max = 3) int weight, @ForAll long seed) {
        Grid grid = Grid.of(0.37f, 5);
        long total = new java.util.Random(seed).nextLong() >> 12;
        long[] totals = {0, total};
        double addend = grid.toGrid(value, 0.3 * weight);
        double sum = total - addend;
        boolean fits = Math.abs(addend) < 0x1p51 && Math.abs(sum) < 0x1p51;
        assertThat(grid.add(totals, 1, new float[] {value}, 1, 0.3 * weight, -1, false))
                .isEqualTo(fits ? 1 : 0);
        assertThat(totals[1]).isEqualTo(fits ? (long) sum : total);
    }

    @Property
    void aWideGridAddsAndMergesAsANarrowOneWhereThatCan(@ForAll float base, @ForAll float value) {
        Grid narrow = Grid.of(0.01f);
        Grid wide = Grid.of(0.01f, 3);
        assertThat(wide.step()).isEqualTo(narrow.step());
        int[] few = {3};
        long[] many = {3};
        if (narrow.add(few, 0, new float[] {value}, 1, 0.7, 1, false) == 1) {
            assertThat(wide.add(many, 0, new float[] {value}, 1, 0.7, 1, false)).isEqualTo(1);
        }
        assertThat(many[0]).isEqualTo(few[0]);
        float[] one = {base};
        float[] other = {base};
        narrow.merge(one, few, 0, 1, 0.4);
        wide.merge(other, many, 0, 1, 0.4);
        assertThat(Float.floatToRawIntBits(other[0])).isEqualTo(Float.floatToRawIntBits(one[0]));
    }

    @Test
    void smallTensorsAndTinyOnesAreWide() {
        assertThat(Grid.of(1, 1 << 16).wide()).isTrue();
        assertThat(Grid.of(1, (1 << 16) + 1).wide()).isFalse();
        assertThat(Grid.of(0x1p-9f, 1 << 20).wide()).isFalse();
        assertThat(Grid.of(Math.nextDown(0x1p-9f), 1 << 20).wide()).isTrue();
        assertThat(Grid.of(0, 1 << 20).wide()).isTrue();
    }

    @Test
    void zerosHaveARangeOfTheirOwn() {
        assertThat(Grid.of(0)).isEqualTo(Grid.of(-0f)).isEqualTo(Grid.of(1));
        assertThat(Grid.of(0).step()).isEqualTo(0x1p-26);
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, -1})
    void noMagnitudeNoGrid(float magnitude) {
        assertThatThrownBy(() -> Grid.of(magnitude)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -0.5, 0.3, Double.NaN, Double.POSITIVE_INFINITY})
    void aStepIsAPowerOfTwo(double step) {
        assertThatThrownBy(() -> new Grid(step)).isInstanceOf(IllegalArgumentException.class);
    }

    @Property
    void mergesInDoubleAndRoundsOnce(@ForAll float base, @ForAll int total) {
        Grid grid = Grid.of(1.5f);
        float[] weights = {base, 7};
        grid.merge(weights, new int[] {total}, 0, 1, 0.2);
        assertThat(weights).containsExactly((float) (base + 0.2 * (total * grid.step())), 7);
    }

    @Property
    void everyFormOfTheLawGivesTheSameBits(
            @ForAll float base,
            @ForAll float value,
            @ForAll @DoubleRange(min = -3, max = 3) double factor,
            @ForAll @DoubleRange(min = -2, max = 2) double scale,
            @ForAll boolean wide) {
        Grid grid = new Grid(Grid.of(0.37f).step(), wide);
        double n = grid.toGrid(value, factor);
        boolean fits = Math.abs(n) < grid.limit();
        float law = n == 0 ? base : (float) (base + scale * (n * grid.step()));
        float[] ofDeltas = {base};
        float[] ofTotals = {base};
        grid.merge(ofDeltas, new double[] {n}, 1, scale);
        assertThat(ofDeltas[0]).isEqualTo(law);
        boolean added;
        if (wide) {
            long[] totals = {0};
            added = grid.add(totals, 0, new float[] {value}, 1, factor, 1, false) == 1;
            grid.merge(ofTotals, totals, 0, 1, scale);
        } else {
            int[] totals = {0};
            added = grid.add(totals, 0, new float[] {value}, 1, factor, 1, false) == 1;
            grid.merge(ofTotals, totals, 0, 1, scale);
        }
        assertThat(added).isEqualTo(fits);
        assertThat(ofTotals[0]).isEqualTo(fits ? law : base);
        for (Kernels kernels : List.of(Kernels.plain(), Kernels.fastest())) {
            float[] atOnce = {base, base, base, base, base};
            float[] values = {value, value, value, value, value};
            assertThat(kernels.addOnGrid(atOnce, 0, values, 5, factor, grid, scale))
                    .isEqualTo(fits);
            for (float merged : atOnce) {
                assertThat(merged).isEqualTo(fits ? law : merged);
            }
        }
    }

    /** The places where a fast form could leave the law: no step, a single one, and the sign of a zero. */
    @Test
    void everyFormKeepsTheBitsOfAWeightThatDoesNotMove() {
        Grid grid = new Grid(0x1p-10);
        for (float base : new float[] {-0f, 0f, 1, -Float.MIN_VALUE}) {
            for (int n : new int[] {0, 1, -1}) {
                float expected = n == 0 ? base : (float) (base + 0.5 * (n * 0x1p-10));
                float value = n == 0 ? 0x1p-12f : n * 0x1p-10f;
                List<float[]> results = new ArrayList<>();
                for (int form = 0; form < 5; form++) {
                    results.add(new float[] {base, base, base, base, base});
                }
                grid.merge(results.get(0), new double[] {n, n, n, n, n}, 5, 0.5);
                grid.merge(results.get(1), new int[] {n, n, n, n, n}, 0, 5, 0.5);
                grid.merge(results.get(2), new long[] {n, n, n, n, n}, 0, 5, 0.5);
                float[] values = {value, value, value, value, value};
                Kernels.plain().addOnGrid(results.get(3), 0, values, 5, 1, grid, 0.5);
                Kernels.fastest().addOnGrid(results.get(4), 0, values, 5, 1, grid, 0.5);
                for (float[] result : results) {
                    assertThat(result).as("%s and %s steps", base, n).containsOnly(expected);
                    assertThat(Float.floatToRawIntBits(result[0])).isEqualTo(Float.floatToRawIntBits(expected));
                    assertThat(Float.floatToRawIntBits(result[4])).isEqualTo(Float.floatToRawIntBits(expected));
                }
            }
        }
    }
}
