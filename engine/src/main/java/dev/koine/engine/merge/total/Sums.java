package dev.koine.engine.merge.total;

import dev.koine.engine.RejectedException;
import dev.koine.engine.linalg.Grid;
import dev.koine.engine.merge.method.Accumulation;
import dev.koine.engine.taskvector.PrunedBlock;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * What a model keeps of the task vectors inside, for every element of every mergeable weight: sums of integers on the weight's
 * {@link Grid}, one for each plane of the method's {@link Accumulation}. So the order of additions does not matter, and a subtraction undoes an
 * addition. Threads may work on ranges that do not touch; a range belongs to one thread at a time.
 */
public interface Sums extends ReadableSums, AutoCloseable {
    /**
     * Makes sums that are all zero.
     *
     * @param directory for their files: as many bytes an element and plane as {@link Totals#create} says
     */
    static Sums create(Path directory, List<Totals.Tensor> tensors, Accumulation accumulation) throws IOException {
        return accumulation == Accumulation.SUM
                ? Totals.create(directory, tensors)
                : PlaneTotals.create(directory, tensors, accumulation);
    }

    /**
     * Adds a weighted block from element {@code from} on.
     *
     * @throws RejectedException {@code TOTAL_OVERFLOW} if an addend or a total leaves the range of its grid, {@code NON_FINITE} if an addend is
     *     not finite; the totals are as they were before the call
     */
    void add(int tensor, long from, PrunedBlock block, Grid grid, double factor) throws IOException, RejectedException;

    /** Takes back what {@link #add} with the same arguments added; refuses as that does. */
    void subtract(int tensor, long from, PrunedBlock block, Grid grid, double factor)
            throws IOException, RejectedException;

    /**
     * {@link #add} with sums that may leave their range and wrap, for sums that are known to end in range: the end is exact, whatever the order, though a sum
     * on the way may not be.
     *
     * @throws RejectedException {@code TOTAL_OVERFLOW} or {@code NON_FINITE} for an addend that never was in a total
     */
    void addModular(int tensor, long from, PrunedBlock block, Grid grid, double factor)
            throws IOException, RejectedException;

    @Override
    void close() throws IOException;
}
