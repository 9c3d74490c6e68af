package dev.koine.engine.merge.total;

import dev.koine.engine.linalg.Grid;
import dev.koine.engine.linalg.Scratch;
import java.util.Arrays;

/** The totals of a run of elements in memory, as wide as its grid has them. */
public sealed interface ItemTotals {

    /** Totals that are all zero. */
    static ItemTotals zeros(Grid grid, int count, Scratch scratch) {
        if (grid.wide()) {
            return new Wide(grid, new long[count]);
        }
        int[] zeros = scratch.ints(count);
        Arrays.fill(zeros, 0);
        return new Narrow(grid, zeros);
    }

    Grid grid();

    /** {@link Grid#add} from {@code at} on; returns as that does. */
    int add(int at, float[] values, int count, double factor);

    /** {@link Grid#merge} of the elements from {@code at} on. */
    void merge(float[] weights, int at, int count, double scale);

    /** Gives memory back; they are not to be used any more. */
    void release(Scratch scratch);

    /** In int32. */
    record Narrow(Grid grid, int[] totals) implements ItemTotals {
        @Override
        public int add(int at, float[] values, int count, double factor) {
            return grid.add(totals, at, values, count, factor, 1, false);
        }

        @Override
        public void merge(float[] weights, int at, int count, double scale) {
            grid.merge(weights, totals, at, count, scale);
        }

        @Override
        public void release(Scratch scratch) {
            scratch.release(totals);
        }
    }

    /** In int64. */
    record Wide(Grid grid, long[] totals) implements ItemTotals {
        @Override
        public int add(int at, float[] values, int count, double factor) {
            return grid.add(totals, at, values, count, factor, 1, false);
        }

        @Override
        public void merge(float[] weights, int at, int count, double scale) {
            grid.merge(weights, totals, at, count, scale);
        }

        @Override
        public void release(Scratch scratch) {}
    }
}
