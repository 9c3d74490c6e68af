package dev.koine.engine.merge.total;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.linalg.Grid;
import dev.koine.engine.taskvector.Blocks;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.Precision;
import dev.koine.engine.taskvector.PrunedBlock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TotalsTest {
    private static final List<Totals.Tensor> TENSORS =
            List.of(new Totals.Tensor("norm", 5), new Totals.Tensor("none", 0), new Totals.Tensor("mlp", 20_000));
    private static final int MLP = 2;
    private static final Grid GRID = Grid.of(1);

    @TempDir
    Path folder;

    private record Addend(long from, PrunedBlock block, double weight) {
        void addTo(Totals totals) throws Exception {
            totals.add(MLP, from, block, GRID, weight);
        }

        void subtractFrom(Totals totals) throws Exception {
            totals.subtract(MLP, from, block, GRID, weight);
        }
    }

    @Property(tries = 50)
    void theOrderOfAdditionsChangesNothingAndASubtractionUndoesOne(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        Path place = Files.createTempDirectory("totals");
        try (Totals forwards = Totals.create(place, TENSORS);
                Totals shuffled = Totals.create(place, TENSORS)) {
            List<Addend> addends = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                PrunedBlock block = Blocks.random(random);
                addends.add(new Addend(random.nextInt(20_001 - block.numel()), block, random.nextGaussian()));
                addends.get(i).addTo(forwards);
            }
            Addend extra = addends.get(random.nextInt(6));
            extra.addTo(shuffled);
            Collections.shuffle(addends, random);
            for (Addend addend : addends) {
                addend.addTo(shuffled);
            }
            extra.subtractFrom(shuffled);
            assertThat(read(shuffled, MLP)).isEqualTo(read(forwards, MLP));
            assertThat(read(shuffled, 0)).containsOnly(0);
            for (Addend addend : addends) {
                addend.subtractFrom(shuffled);
            }
            assertThat(read(shuffled, MLP)).containsOnly(0);
        } finally {
            Files.delete(place);
        }
    }

    @Test
    void anEntryIsTheRoundedMultipleOfTheStep() throws Exception {
        try (Totals totals = Totals.create(folder, TENSORS)) {
            double step = GRID.step();
            int tenth = (int) Math.rint(0.1f / step);
            totals.add(0, 0, dense((float) (2.5 * step), (float) (-3.5 * step), 0.1f, -0f, 1f), GRID, 1);
            assertThat(read(totals, 0)).containsExactly(2, -4, tenth, 0, 1 << 26);
            totals.add(0, 1, dense(0.5f, 0.25f), GRID, -0.5);
            assertThat(read(totals, 0)).containsExactly(2, -4 - (1 << 24), tenth - (1 << 23), 0, 1 << 26);
        }
    }

    @Property(tries = 200)
    void anEntryIsWhatTheGridSaysForAnyValueAndWeight(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        Path place = Files.createTempDirectory("totals");
        try (Totals totals = Totals.create(place, TENSORS)) {
            float value = (float) Math.scalb(random.nextGaussian(), random.nextInt(12) - 6);
            double weight = Math.scalb(random.nextGaussian(), random.nextInt(60) - 55);
            double entry = GRID.toGrid(value, weight);
            if (Math.abs(entry) <= Integer.MAX_VALUE) {
                totals.add(0, 3, dense(value), GRID, weight);
                totals.add(0, 4, dense(value), GRID, -weight);
                assertThat(read(totals, 0)).containsExactly(0, 0, 0, (int) entry, (int) -entry);
            } else {
                requireRefused(
                        RejectionCode.TOTAL_OVERFLOW,
                        "element 3 of norm",
                        () -> totals.add(0, 3, dense(value), GRID, weight));
            }
        } finally {
            Files.delete(place);
        }
    }

    @Test
    void totalsReachToTheLargestIntOnBothSidesAndNoFurther() throws Exception {
        try (Totals totals = Totals.create(folder, TENSORS)) {
            double step = GRID.step();
            totals.add(0, 0, dense(1), GRID, Integer.MAX_VALUE * step);
            totals.add(0, 1, dense(1), GRID, -Integer.MAX_VALUE * step);
            assertThat(read(totals, 0)).containsExactly(Integer.MAX_VALUE, -Integer.MAX_VALUE, 0, 0, 0);
            for (double weight : new double[] {step, -step}) {
                long element = weight > 0 ? 0 : 1;
                requireRefused(
                        RejectionCode.TOTAL_OVERFLOW,
                        "element " + element,
                        () -> totals.add(0, element, dense(1), GRID, weight));
            }
            for (double entry : new double[] {0x1p31, -0x1p31, 0x1p31 - 0.5, 0x1p32, 0x1p52}) {
                requireRefused(
                        RejectionCode.TOTAL_OVERFLOW,
                        "element 2",
                        () -> totals.add(0, 2, dense(1), GRID, entry * step));
            }
            assertThat(read(totals, 0)).containsExactly(Integer.MAX_VALUE, -Integer.MAX_VALUE, 0, 0, 0);
        }
    }

    @Test
    void anOverflowLeavesNoTrace() throws Exception {
        int large = 300_000;
        List<Totals.Tensor> tensors = List.of(new Totals.Tensor("layers.3/fc1", large));
        try (Totals totals = Totals.create(folder, tensors)) {
            float[] delta = new float[large];
            Arrays.fill(delta, 25);
            totals.add(0, 0, dense(delta), GRID, 1);
            int[] before = read(totals, 0, large);

            Arrays.fill(delta, 1e-3f);
            delta[250_000] = 8;
            PrunedBlock bad = dense(delta);
            String where = "element 250000 of layers.3/fc1";
            requireRefused(RejectionCode.TOTAL_OVERFLOW, where, () -> totals.add(0, 0, bad, GRID, 1));
            requireRefused(RejectionCode.TOTAL_OVERFLOW, where, () -> totals.subtract(0, 0, bad, GRID, -1));
            requireRefused(RejectionCode.TOTAL_OVERFLOW, where, () -> totals.subtract(0, 0, bad, GRID, 10));
            requireRefused(RejectionCode.NON_FINITE, "layers.3", () -> totals.add(0, 0, bad, GRID, Double.NaN));
            requireRefused(RejectionCode.NON_FINITE, "layers.3", () -> totals.add(0, 0, bad, GRID, Double.MAX_VALUE));
            assertThat(read(totals, 0, large)).isEqualTo(before);
        }
    }

    @Test
    void aSumThatEndsInRangeIsRestoredInAnyOrder() throws Exception {
        try (Totals added = Totals.create(folder, TENSORS);
                Totals restored = Totals.create(folder, TENSORS)) {
            for (float value : new float[] {-20, 25, 25, -20}) {
                added.add(0, 2, dense(value), GRID, 1);
            }
            for (float value : new float[] {25, 25, -20, -20}) {
                restored.addModular(0, 2, dense(value), GRID, 1);
            }
            assertThat(read(restored, 0)).containsExactly(read(added, 0));
            requireRefused(
                    RejectionCode.TOTAL_OVERFLOW, "element 2", () -> restored.addModular(0, 2, dense(40), GRID, 1));
        }
    }

    @Test
    void aRangeThatLeavesItsTensorIsRefused() throws Exception {
        try (Totals totals = Totals.create(folder, TENSORS)) {
            assertThatThrownBy(() -> totals.add(0, 4, dense(1, 2), GRID, 1))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> totals.add(3, 0, dense(1), GRID, 1)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> totals.read(0, 0, new int[9], 0, 6)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void reachesBeyondTwoGigabytes() throws Exception {
        long gibi = 1L << 30;
        List<Totals.Tensor> big = List.of(new Totals.Tensor("embedding", gibi), new Totals.Tensor("last", 1L << 20));
        try (Totals totals = Totals.create(folder, big)) {
            totals.add(0, gibi - 2, dense(1, 2), GRID, 1);
            totals.add(1, 0, dense(3), GRID, 1);
            int[] target = new int[2];
            totals.read(0, gibi - 2, target, 0, 2);
            assertThat(target).containsExactly(1 << 26, 1 << 27);
            totals.read(1, 0, target, 1, 1);
            assertThat(target).containsExactly(1 << 26, 3 << 26);
        }
    }

    private static void requireRefused(RejectionCode code, String message, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        RejectedException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessageContaining(message);
    }

    private static PrunedBlock dense(float... delta) {
        return Blocks.prune(delta, 1, delta.length, Policy.DENSE, 0, 0, Precision.FLOAT32);
    }

    private static int[] read(Totals totals, int tensor) throws IOException {
        return read(totals, tensor, (int) TENSORS.get(tensor).numel());
    }

    private static int[] read(Totals totals, int tensor, int count) throws IOException {
        int[] target = new int[count];
        totals.read(tensor, 0, target, 0, count);
        return target;
    }
}
