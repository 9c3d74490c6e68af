package dev.koine.engine.taskvector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.tensor.Run;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class TransposedRunTest {
    @Property(tries = 200)
    void isTheRunOfTheTransposedMatrix(
            @ForAll @IntRange(min = 1, max = 9) int rows,
            @ForAll @IntRange(min = 1, max = 9) int columns,
            @ForAll @IntRange(min = 1, max = 30) int block,
            @ForAll @IntRange(min = 1, max = 30) int run,
            @ForAll long seed) {
        Random random = new Random(seed);
        float[] transpose = new float[rows * columns];
        float[] matrix = new float[rows * columns];
        for (Run part : Run.cut(transpose.length, block)) {
            boolean isLeftOut = random.nextInt(4) == 0;
            for (int e = part.at(); e < part.from() + part.count(); e++) {
                transpose[e] = isLeftOut ? 0 : random.nextFloat() + 1;
                matrix[e % rows * columns + e / rows] = transpose[e];
            }
        }
        for (Run part : Run.cut(matrix.length, run)) {
            TransposedRun transposed = new TransposedRun(rows, columns, part.from(), part.count());
            float[] values = transposed.zeros();
            boolean hasAny = false;
            for (Run stored : Run.cut(transpose.length, block)) {
                float[] elements = Arrays.copyOfRange(transpose, stored.at(), stored.at() + stored.count());
                boolean has = transposed.has(stored.from(), stored.from() + stored.count());
                float[] only = transposed.zeros();
                transposed.take(DenseBlock.of(elements), stored.from(), only);
                assertThat(has || sum(only) == 0).isTrue();
                transposed.take(DenseBlock.of(elements), stored.from(), values);
                hasAny |= has;
            }
            assertThat(hasAny).isTrue();
            assertThat(values).isEqualTo(Arrays.copyOfRange(matrix, part.at(), part.at() + part.count()));
        }
    }

    private static float sum(float[] values) {
        float sum = 0;
        for (float value : values) {
            sum += value;
        }
        return sum;
    }
}
