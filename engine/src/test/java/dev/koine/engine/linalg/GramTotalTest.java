package dev.koine.engine.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.koine.engine.WorkPool;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class GramTotalTest {
    @Property(tries = 60)
    void isTheSumOfTheProductsWhateverTheThreads(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        int size = 1 + random.nextInt(40);
        GramTotal one = new GramTotal(size);
        GramTotal several = new GramTotal(size);
        double[][] expected = new double[size][size];
        try (WorkPool pool = new WorkPool(2)) {
            for (int call = 0; call < 3; call++) {
                int count = random.nextInt(300);
                float[] rows = new float[count * size];
                for (int i = 0; i < rows.length; i++) {
                    rows[i] = (float) random.nextGaussian();
                }
                for (int p = 0; p < count; p++) {
                    for (int i = 0; i < size; i++) {
                        for (int j = 0; j < size; j++) {
                            expected[i][j] += (double) rows[p * size + i] * rows[p * size + j];
                        }
                    }
                }
                one.add(rows, count, WorkPool.inCaller(), 1);
                several.add(rows, count, pool, 1 + random.nextInt(5));
            }
        }
        assertThat(several.packed()).isEqualTo(one.packed());
        int at = 0;
        for (int i = 0; i < size; i++) {
            for (int j = 0; j <= i; j++) {
                assertThat(one.packed()[at++]).isCloseTo(expected[i][j], within(1e-3));
            }
        }
        assertThat(one.packed()).hasSize(at);
        assertThat(one.isFinite()).isTrue();
    }

    @Test
    void tellsNumbersThatAreNotFinite() throws Exception {
        GramTotal total = new GramTotal(3);
        total.add(new float[] {0, 1, Float.NaN}, 1, WorkPool.inCaller(), 1);
        assertThat(total.isFinite()).isFalse();
    }
}
