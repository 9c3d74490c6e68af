package dev.koine.engine.merge.total;

import dev.koine.engine.RejectedException;
import dev.koine.engine.linalg.Grid;
import dev.koine.engine.linalg.Kernels;
import dev.koine.engine.linalg.Scratch;
import dev.koine.engine.taskvector.PrunedBlock;
import dev.koine.engine.tensor.Run;
import java.io.IOException;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * The totals of a range in memory, on their way from a file of {@link Totals} and back, so that whatever is added to them costs one reading and one writing. Sums
 * may leave their range and wrap, as {@link Sums#addModular} lets them. Not for several threads.
 */
public final class RangeTotals {
    private static final Kernels KERNELS = Kernels.fastest();
    private static final int[] NONE = {};

    private final Range range;
    private final Grid grid;
    private final String name;
    private final int[] narrow;
    private final long[] wide;

    /**
     * With anything in them: {@link #read} or {@link #clear} comes first.
     *
     * @param name of the weight, for messages
     * @param scratch where {@link #release} gives memory back
     */
    public RangeTotals(Range range, Grid grid, String name, Scratch scratch) {
        this.range = range;
        this.grid = grid;
        this.name = name;
        this.narrow = grid.wide() ? NONE : scratch.ints(range.count());
        this.wide = new long[grid.wide() ? range.count() : 0];
    }

    /** Makes all of them zero. */
    public void clear() {
        Arrays.fill(narrow, 0);
        Arrays.fill(wide, 0);
    }

    /** Reads them from a file; returns the checksum (CRC-32C) of their bytes. */
    public long read(Totals file) throws IOException {
        CRC32C bytes = new CRC32C();
        if (grid.wide()) {
            file.read(range.index(), range.from(), wide, bytes);
        } else {
            file.read(range.index(), range.from(), narrow, bytes);
        }
        return bytes.getValue();
    }

    /** Writes them to a file; returns as {@link #read}. */
    public long write(Totals file) throws IOException {
        CRC32C bytes = new CRC32C();
        if (grid.wide()) {
            file.write(range.index(), range.from(), wide, bytes);
        } else {
            file.write(range.index(), range.from(), narrow, bytes);
        }
        return bytes.getValue();
    }

    /**
     * Adds what a block has of the range, or takes it away for the sign -1.
     *
     * @param from the weight's element that is the block's first
     * @param values to work in, {@link Run#CHUNK} of them
     * @throws RejectedException {@code TOTAL_OVERFLOW} or {@code NON_FINITE} for an addend that has no place in a total
     */
    public void add(long from, PrunedBlock block, double factor, int sign, float[] values) throws RejectedException {
        long first = Math.max(from, range.from());
        long end = Math.min(from + block.numel(), range.from() + range.count());
        for (Run chunk : Run.chunks(Math.max(0, end - first))) {
            long element = first + chunk.from();
            block.read((int) (element - from), chunk.count(), values, 0);
            int at = (int) (element - range.from());
            boolean isAdded = grid.wide()
                    ? grid.add(wide, at, values, chunk.count(), factor, sign, true) == chunk.count()
                    : KERNELS.addTotals(narrow, at, values, chunk.count(), factor, grid, sign);
            if (!isAdded) {
                throw refusal(element, values, chunk.count(), factor);
            }
        }
    }

    private RejectedException refusal(long element, float[] values, int count, double factor) {
        int bad = 0;
        while (bad < count - 1 && Math.abs(grid.toGrid(values[bad], factor)) < grid.limit()) {
            bad++;
        }
        return OutOfRange.total(name, element + bad, values[bad], factor, grid);
    }

    /**
     * {@link Grid#merge} of a run.
     *
     * @param weights the base's, of the run's elements from index 0
     * @param at the run's first element in the range
     */
    public void merge(float[] weights, int at, int count, double scale) {
        if (grid.wide()) {
            long[] run = Arrays.copyOfRange(wide, at, at + count);
            grid.merge(weights, run, 0, count, scale);
        } else {
            KERNELS.mergeTotals(weights, narrow, at, count, grid, scale);
        }
    }

    /** Gives memory back; they are not to be used any more. */
    public void release(Scratch scratch) {
        if (!grid.wide()) {
            scratch.release(narrow);
        }
    }
}
