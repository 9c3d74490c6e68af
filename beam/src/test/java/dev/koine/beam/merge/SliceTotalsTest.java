package dev.koine.beam.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.koine.engine.RejectedException;
import dev.koine.engine.linalg.Grid;
import dev.koine.engine.merge.method.Accumulation;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.apache.beam.sdk.coders.CoderException;
import org.apache.beam.sdk.util.CoderUtils;
import org.apache.beam.sdk.util.SerializableUtils;
import org.junit.jupiter.api.Test;

class SliceTotalsTest {
    private static final SliceTotalsCoder CODER = new SliceTotalsCoder();

    @Test
    void whatIsEncodedComesBackAndTakesNoMoreThanEightBytesATotal() throws Exception {
        Random random = new Random(1);
        long largest = (1L << 51) - 1;
        List<SliceTotals> all = new ArrayList<>(List.of(
                SliceTotals.none(),
                new SliceTotals(new long[][] {{0}}),
                new SliceTotals(new long[][] {{0, 0, 0}, {1, 0, -1}}),
                new SliceTotals(new long[][] {{largest, -largest, 0, 0, 5}})));
        for (int i = 0; i < 50; i++) {
            long[][] planes = new long[1 + random.nextInt(4)][1 + random.nextInt(300)];
            for (long[] plane : planes) {
                for (int e = 0; e < plane.length; e++) {
                    plane[e] = random.nextInt(3) == 0 ? 0 : random.nextLong() >> 12 >> random.nextInt(50);
                }
            }
            all.add(new SliceTotals(planes));
        }
        for (SliceTotals totals : all) {
            byte[] bytes = CoderUtils.encodeToByteArray(CODER, totals);
            SliceTotals back = CoderUtils.decodeFromByteArray(CODER, bytes);
            assertThat(back.planes()).isDeepEqualTo(totals.planes());
            assertThat(bytes.length).isLessThanOrEqualTo(8 + 9 * totals.planes().length * (totals.count() + 1));
        }
        SerializableUtils.ensureSerializable(CODER);
    }

    @Test
    void whatIsTooLargeOrOfAnotherFormIsRefusedBeforeMemoryIsTaken() {
        assertThatExceptionOfType(CoderException.class)
                .isThrownBy(() -> decode(1, 1, 0xFF, 0xFF, 0xFF, 0xFF, 7))
                .withMessageContaining("elements, where 1048576 are the most");
        assertThatExceptionOfType(CoderException.class)
                .isThrownBy(() -> decode(1, 1, 2, 0, 9))
                .withMessageContaining("9 zeros, where 1 are the most");
        assertThatExceptionOfType(CoderException.class)
                .isThrownBy(() -> decode(2, 0, 0))
                .withMessageContaining("reads form 1, and this is form 2");
    }

    @Test
    void theSumIsTheSameInWhateverOrderAndGrouping() {
        Random random = new Random(2);
        List<SliceTotals> addends = new ArrayList<>();
        long[] expected = new long[64];
        for (int i = 0; i < 40; i++) {
            long[] plane = random.longs(64, -(1L << 51) + 1, 1L << 51).toArray();
            for (int e = 0; e < 64; e++) {
                expected[e] += plane[e];
            }
            addends.add(new SliceTotals(new long[][] {plane}));
        }
        SumFn sum = new SumFn();
        for (int trial = 0; trial < 20; trial++) {
            Collections.shuffle(addends, random);
            List<SliceTotals> accumulators = new ArrayList<>(List.of(sum.createAccumulator()));
            for (SliceTotals addend : addends) {
                int into = random.nextInt(accumulators.size() + 1);
                if (into == accumulators.size()) {
                    accumulators.add(sum.createAccumulator());
                }
                accumulators.set(into, sum.addInput(accumulators.get(into), addend));
            }
            Collections.shuffle(accumulators, random);
            assertThat(sum.extractOutput(sum.mergeAccumulators(accumulators)).planes()[0])
                    .isEqualTo(expected);
        }
    }

    @Test
    void aSumThatLeavesItsRangeIsRefusedAndOneThatOnlyDidOnItsWayIsNot() throws Exception {
        Grid grid = new Grid(1);
        SliceTotals sum = new SliceTotals(new long[][] {{0, 1L << 30}});
        sum.add(new SliceTotals(new long[][] {{0, 1L << 30}}));
        assertThatExceptionOfType(RejectedException.class)
                .isThrownBy(() -> sum.requireInRange(Accumulation.SUM, grid, "model.onnx/up", 10))
                .withMessageContaining("The experts add up to " + 2.14748365E9f + " at element 11 of model.onnx/up");
        sum.add(new SliceTotals(new long[][] {{0, -1}}));
        sum.requireInRange(Accumulation.SUM, grid, "model.onnx/up", 10);
    }

    private static SliceTotals decode(int... bytes) throws Exception {
        byte[] encoded = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            encoded[i] = (byte) bytes[i];
        }
        return CODER.decode(new ByteArrayInputStream(encoded));
    }
}
