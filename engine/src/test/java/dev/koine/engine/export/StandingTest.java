package dev.koine.engine.export;

import static org.assertj.core.api.Assertions.assertThat;

import dev.koine.engine.tensor.ElementReader;
import dev.koine.engine.tensor.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class StandingTest {
    /** Parts of a matrix along either axis, as they are or transposed, against the same by indexes. */
    @Property(tries = 200)
    void readsAPartOfAMatrixInTheOrderOfItsTensor(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        int axis = random.nextInt(2);
        boolean isTransposed = random.nextBoolean();
        int other = 1 + random.nextInt(9);
        int length = 1 + random.nextInt(12);
        int before = random.nextInt(4);
        int whole = before + length + random.nextInt(4);
        int rows = axis == 0 ? whole : other;
        int columns = axis == 0 ? other : whole;
        float[] weight = new float[rows * columns];
        for (int i = 0; i < weight.length; i++) {
            weight[i] = i;
        }
        int partRows = axis == 0 ? length : other;
        int partColumns = axis == 0 ? other : length;
        List<Long> tensor = isTransposed
                ? List.of((long) partColumns, (long) partRows)
                : List.of((long) partRows, (long) partColumns);
        Standing standing = new Standing(List.of((long) rows, (long) columns), tensor, axis, before, isTransposed);

        List<Float> read = new ArrayList<>();
        int run = isTransposed ? partRows * (1 + random.nextInt(3)) : 1 + random.nextInt(7);
        for (Run next : Run.cut((long) partRows * partColumns, run)) {
            float[] target = new float[next.count()];
            standing.read(reader(weight), next, target);
            for (float value : target) {
                read.add(value);
            }
        }

        List<Float> expected = new ArrayList<>();
        for (int a = 0; a < tensor.get(0); a++) {
            for (int b = 0; b < tensor.get(1); b++) {
                int i = (isTransposed ? b : a) + (axis == 0 ? before : 0);
                int j = (isTransposed ? a : b) + (axis == 0 ? 0 : before);
                expected.add(weight[i * columns + j]);
            }
        }
        assertThat(read).isEqualTo(expected);
        assertThat(isTransposed ? standing.longestRun() % partRows : 0).isZero();
    }

    private static ElementReader reader(float[] weight) {
        return new ElementReader() {
            @Override
            public long numel() {
                return weight.length;
            }

            @Override
            public void read(long from, float[] target, int at, int count) {
                System.arraycopy(weight, Math.toIntExact(from), target, at, count);
            }

            @Override
            public void close() {}
        };
    }
}
