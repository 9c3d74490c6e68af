package dev.koine.engine.taskvector;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.linalg.Decomposition;
import dev.koine.engine.linalg.Float16;
import dev.koine.engine.linalg.LowRank;
import dev.koine.engine.linalg.TopSelection;
import java.io.IOException;
import java.util.Arrays;

/**
 * Prunes the weight delta of a tensor to its compressed task vector (LoRS-Merging, arXiv 2502.17380v3). Safe for several threads.
 *
 * <pre>
 *   L = the best rank-r approximation of delta, its factors rounded to the precision
 *   S = the floor(numel * density) entries of delta - L that are largest in magnitude, ties to the lowest index,
 *       rounded to the precision; L is what the rounded factors say, so S makes up for their rounding, too
 *   task vector = L + S
 * </pre>
 *
 * <p>Kept entries that are zero are not stored: adding them changes nothing.
 */
public final class Pruner {
    private final int rank;
    private final double density;
    private final Precision precision;
    private final Decomposition decomposition;

    /**
     * @param rank rank of L; {@code LORS} only
     * @param density part of the entries that S keeps, 0 to 1; {@code LORS} and {@code SPARSE}
     * @param precision element type of what is kept
     * @param decomposition finds L
     * @throws IllegalArgumentException if rank or density is out of range
     */
    public Pruner(int rank, double density, Precision precision, Decomposition decomposition) {
        if (rank < 0 || !(density >= 0 && density <= 1)) {
            throw new IllegalArgumentException("rank " + rank + ", density " + density);
        }
        this.rank = rank;
        this.density = density;
        this.precision = precision;
        this.decomposition = decomposition;
    }

    /**
     * Prunes a delta. Equal arguments give an equal block.
     *
     * <p>{@code LORS} from rank {@code min(rows, columns)} on has {@code L = delta} and nothing left for S; that is kept as a
     * {@link DenseBlock}, which says the same in fewer bytes. So a vector, given as one row or one column, is kept whole.
     *
     * @param delta float32, row-major, shape {@code [rows, columns]}; not changed. A tensor that is no matrix has one row
     * @throws RejectedException {@code NON_FINITE} if the delta, or what is kept of it at this precision, is not finite
     * @throws IOException if the device that decomposes has trouble
     * @throws IllegalArgumentException if the sizes do not fit
     */
    public PrunedBlock prune(float[] delta, int rows, int columns, Policy policy)
            throws RejectedException, IOException {
        if (rows < 0 || columns < 0 || (long) rows * columns != delta.length) {
            throw new IllegalArgumentException(delta.length + " elements as [" + rows + ", " + columns + "]");
        }
        requireFinite(delta);
        int keep = (int) (delta.length * density);
        LowRank nothing = new LowRank(rows, columns, 0, new float[0], new float[0]);
        return switch (policy) {
            case DENSE -> dense(delta, delta.length, precision);
            case FROZEN -> new LorsBlock(precision, nothing, new long[0], new float[0]);
            case SPARSE -> withLargest(delta, nothing, keep, precision);
            case LORS -> {
                if (rank > 0 && rank >= Math.min(rows, columns)) {
                    yield dense(delta, delta.length, precision);
                }
                LowRank exact = decomposition.truncate(delta, rows, columns, rank);
                LowRank rounded = new LowRank(
                        rows,
                        columns,
                        exact.rank(),
                        rounded(exact.u(), exact.u().length, precision),
                        rounded(exact.v(), exact.v().length, precision));
                yield withLargest(residual(delta, rounded, precision), rounded, keep, precision);
            }
        };
    }

    /**
     * Keeps the first {@code count} elements of a delta as they are.
     *
     * @throws RejectedException {@code NON_FINITE} if one of them, at this precision, is not finite
     */
    public static DenseBlock dense(float[] delta, int count, Precision precision) throws RejectedException {
        return new DenseBlock(precision, rounded(delta, count, precision));
    }

    private static float[] residual(float[] delta, LowRank lowRank, Precision precision) throws RejectedException {
        float[] residual = new float[delta.length];
        new LorsBlock(precision, lowRank, new long[0], new float[0]).read(0, delta.length, residual, 0);
        for (int i = 0; i < residual.length; i++) {
            residual[i] = delta[i] - residual[i];
        }
        requireFinite(residual);
        return residual;
    }

    private static LorsBlock withLargest(float[] residual, LowRank lowRank, int keep, Precision precision)
            throws RejectedException {
        int nonZero = 0;
        for (float value : residual) {
            nonZero += value != 0 ? 1 : 0;
        }
        int kept = Math.min(keep, nonZero);
        if (kept == 0) {
            return new LorsBlock(precision, lowRank, new long[0], new float[0]);
        }
        long[] mask = TopSelection.largest(residual, kept);
        float[] values = new float[kept];
        int next = 0;
        for (int w = 0; w < mask.length; w++) {
            for (long bits = mask[w]; bits != 0; bits &= bits - 1) {
                values[next++] = residual[w * 64 + Long.numberOfTrailingZeros(bits)];
            }
        }
        return new LorsBlock(precision, lowRank, mask, rounded(values, kept, precision));
    }

    private static float[] rounded(float[] values, int count, Precision precision) throws RejectedException {
        float[] rounded = Arrays.copyOf(values, count);
        requireFinite(rounded);
        if (precision == Precision.FLOAT16) {
            for (int i = 0; i < count; i++) {
                rounded[i] = Float16.round(rounded[i]);
                if (Float.isInfinite(rounded[i])) {
                    throw new RejectedException(
                            RejectionCode.NON_FINITE,
                            "The delta needs the value " + values[i] + ", and float16 ends at " + Float16.MAX_VALUE
                                    + ". Use precision FLOAT32, or check the expert: deltas of this size are no fine-tuning.");
                }
            }
        }
        return rounded;
    }

    private static void requireFinite(float[] values) throws RejectedException {
        for (int i = 0; i < values.length; i++) {
            if (!Float.isFinite(values[i])) {
                throw new RejectedException(
                        RejectionCode.NON_FINITE,
                        "Element " + i + " of the delta is " + values[i]
                                + ": the expert's weights, or their distance to the"
                                + " base's, are not finite. Export the expert again from a sound checkpoint.");
            }
        }
    }
}
