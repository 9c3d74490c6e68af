package dev.koine.beam.merge;

import dev.koine.engine.RejectedException;
import dev.koine.engine.linalg.Grid;
import dev.koine.engine.merge.method.Accumulation;
import dev.koine.engine.merge.method.Accumulation.Plane;
import dev.koine.engine.merge.total.OutOfRange;
import dev.koine.engine.taskvector.PrunedBlock;
import dev.koine.engine.tensor.Run;
import java.util.Arrays;
import java.util.List;

/**
 * The totals of some consecutive elements of one base weight: for each plane of the method's {@link Accumulation} an integer an element, in
 * steps of the weight's {@link Grid}, or a count. Integers, so that the sum is the same in whatever order and grouping a runner adds; of 64
 * bits, so that it is exact on the way to it: an addend is below 2<sup>51</sup>, and 4,096 of them have room.
 *
 * <p>Takes 8 bytes an element and plane.
 */
@SuppressWarnings("ArrayRecordComponent")
record SliceTotals(long[][] planes) {
    private static final Grid OF_COUNTS = new Grid(1);

    /** The sum of nothing, of any length. */
    static SliceTotals none() {
        return new SliceTotals(new long[0][]);
    }

    boolean isNone() {
        return planes.length == 0;
    }

    /** The number of elements. */
    int count() {
        return isNone() ? 0 : planes[0].length;
    }

    /**
     * What a run of a task vector adds.
     *
     * @param run elements of the block
     * @param element of the weight that the run begins at, for messages
     * @throws RejectedException {@code TOTAL_OVERFLOW} or {@code NON_FINITE} for an addend that has no place in a total
     */
    static SliceTotals of(
            Accumulation accumulation, Grid grid, PrunedBlock block, Run run, double factor, String key, long element)
            throws RejectedException {
        int count = run.count();
        List<Plane> kinds = accumulation.planes();
        float[] values = new float[count];
        block.read(run.at(), count, values, 0);
        float[][] addends = new float[kinds.size()][count];
        accumulation.split(values, count, factor, addends);
        long[][] planes = new long[kinds.size()][count];
        for (int p = 0; p < planes.length; p++) {
            boolean isSum = kinds.get(p) == Plane.SUM;
            Grid own = isSum ? grid : OF_COUNTS;
            double times = isSum ? factor : 1;
            for (int i = 0; i < count; i++) {
                double places = own.toGrid(addends[p][i], times);
                if (!(Math.abs(places) < own.limit())) {
                    throw OutOfRange.total(key, element + i, addends[p][i], times, own);
                }
                planes[p][i] = (long) places;
            }
        }
        return new SliceTotals(planes);
    }

    SliceTotals copy() {
        return new SliceTotals(Arrays.stream(planes).map(long[]::clone).toArray(long[][]::new));
    }

    /** Adds others of the same length to these. */
    void add(SliceTotals others) {
        if (others.planes.length != planes.length || others.count() != count()) {
            throw new IllegalArgumentException("totals of " + planes.length + " planes of " + count()
                    + " elements and of " + others.planes.length + " planes of " + others.count());
        }
        for (int p = 0; p < planes.length; p++) {
            long[] totals = planes[p];
            long[] addends = others.planes[p];
            for (int i = 0; i < totals.length; i++) {
                totals[i] = Math.addExact(totals[i], addends[i]);
            }
        }
    }

    /**
     * Requires that every total has a place on its grid, as each addend has.
     *
     * @param from the first element
     * @throws RejectedException {@code TOTAL_OVERFLOW}
     */
    void requireInRange(Accumulation accumulation, Grid grid, String key, long from) throws RejectedException {
        for (int p = 0; p < planes.length; p++) {
            Grid own = accumulation.planes().get(p) == Plane.SUM ? grid : OF_COUNTS;
            for (int i = 0; i < planes[p].length; i++) {
                if (Math.abs((double) planes[p][i]) >= own.limit()) {
                    throw OutOfRange.sum(key, from + i, planes[p][i], own);
                }
            }
        }
    }
}
