package dev.koine.engine.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class TopSelectionTest {

    @Property
    void marksWhatASortPutsFirst(@ForAll("values") float[] values, @ForAll double part) {
        int keep = (int) (Math.abs(part % 1) * (values.length + 1));
        assertThat(marked(TopSelection.largest(values, keep), values.length)).isEqualTo(bySort(values, keep));
    }

    @Property
    void marksWhatASortPutsFirstAmongTies(@ForAll("ties") float[] values, @ForAll double part) {
        int keep = (int) (Math.abs(part % 1) * (values.length + 1));
        assertThat(marked(TopSelection.largest(values, keep), values.length)).isEqualTo(bySort(values, keep));
    }

    @Test
    void refusesToKeepMoreThanThereIs() {
        assertThatThrownBy(() -> TopSelection.largest(new float[3], 4)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> TopSelection.largest(new float[3], -1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Provide
    Arbitrary<float[]> values() {
        return Arbitraries.floats().array(float[].class).ofMaxSize(300);
    }

    @Provide
    Arbitrary<float[]> ties() {
        return Arbitraries.of(
                        0f,
                        -0f,
                        1f,
                        -1f,
                        Math.nextUp(1f),
                        Float.MIN_VALUE,
                        -Float.MIN_VALUE,
                        Float.MAX_VALUE,
                        Float.NEGATIVE_INFINITY)
                .array(float[].class)
                .ofMaxSize(300);
    }

    private static List<Integer> bySort(float[] values, int keep) {
        return IntStream.range(0, values.length)
                .boxed()
                .sorted(Comparator.<Integer>comparingDouble(i -> -Math.abs(values[i]))
                        .thenComparing(i -> i))
                .limit(keep)
                .sorted()
                .toList();
    }

    private static List<Integer> marked(long[] mask, int count) {
        assertThat(mask).hasSize((count + 63) / 64);
        return IntStream.range(0, mask.length * 64)
                .filter(i -> (mask[i / 64] >>> i % 64 & 1) == 1)
                .boxed()
                .toList();
    }
}
