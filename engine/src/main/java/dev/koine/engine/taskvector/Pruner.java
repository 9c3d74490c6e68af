package dev.koine.engine.taskvector;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.linalg.Decomposition;
import dev.koine.engine.linalg.Kernels;
import dev.koine.engine.linalg.LowRank;
import dev.koine.engine.linalg.Scratch;
import dev.koine.engine.linalg.TopSelection;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.FloatEncoding;
import java.io.IOException;
import java.util.Arrays;

/**
 * Prunes the weight delta of a tensor to its compressed task vector (LoRS-Merging, arXiv 2502.17380v3; {@link Policy} has the other
 * ways). Safe for several threads.
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
    private final long seed;
    private final Precision precision;
    private final Decomposition decomposition;
    private final Kernels kernels = Kernels.fastest();
    private final Scratch scratch = new Scratch();

    /** Draws with seed 0. */
    public Pruner(int rank, double density, Precision precision, Decomposition decomposition) {
        this(rank, density, 0, precision, decomposition);
    }

    /**
     * @param rank rank of L; {@code LORS} and {@code LOW_RANK}
     * @param density part of the entries that are kept, 0 to 1; {@code LORS}, {@code SPARSE} and {@code RANDOM}
     * @param seed {@code RANDOM} only
     * @param precision element type of what is kept
     * @param decomposition finds L
     * @throws IllegalArgumentException if rank or density is out of range
     */
    public Pruner(int rank, double density, long seed, Precision precision, Decomposition decomposition) {
        if (rank < 0 || !(density >= 0 && density <= 1)) {
            throw new IllegalArgumentException("rank " + rank + ", density " + density);
        }
        this.rank = rank;
        this.density = density;
        this.seed = seed;
        this.precision = precision;
        this.decomposition = decomposition;
    }

    /**
     * Prunes a delta. Equal arguments give an equal block.
     *
     * <p>{@code LORS} and {@code LOW_RANK} from rank {@code min(rows, columns)} on have {@code L = delta} and nothing left for S; that is kept as a
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
        int keep = (int) (delta.length * density);
        LowRank nothing = new LowRank(rows, columns, 0, new float[0], new float[0]);
        return switch (policy) {
            case DENSE -> dense(delta, delta.length);
            case FROZEN -> {
                requireFinite(delta);
                yield new LorsBlock(precision, nothing, new long[0], new float[0]);
            }
            case SPARSE -> withLargest(delta, nothing, keep);
            case LORS -> lors(delta, rows, columns, keep);
            case LOW_RANK, LOW_RANK_BANDS -> lors(delta, rows, columns, 0);
            case RANDOM -> atRandom(delta, nothing);
        };
    }

    /**
     * Keeps a delta that comes as factors: all of them, rounded to the precision. What is no smaller as factors is kept as a
     * {@link DenseBlock}.
     *
     * @throws RejectedException {@code NON_FINITE} if what is kept at this precision is not finite
     */
    public PrunedBlock factors(LowRank delta) throws RejectedException {
        if (delta.rank() >= Math.min(delta.rows(), delta.columns())) {
            float[] product = product(delta);
            return dense(product, product.length);
        }
        LowRank kept = precision == Precision.FLOAT16 ? balanced(delta) : delta;
        LowRank rounded = new LowRank(
                kept.rows(),
                kept.columns(),
                kept.rank(),
                rounded(kept.u(), kept.u().length),
                rounded(kept.v(), kept.v().length));
        return new LorsBlock(precision, rounded, new long[0], new float[0]);
    }

    /** The matrix that factors make, row-major: as {@link LorsBlock} has it. */
    public static float[] product(LowRank delta) {
        float[] product = new float[delta.rows() * delta.columns()];
        new LorsBlock(Precision.FLOAT32, delta, new long[0], new float[0]).read(0, product.length, product, 0);
        return product;
    }

    /** The same product with factors of about one size, by a power of two: what is small in float16 has few bits. */
    private LowRank balanced(LowRank delta) {
        float u = kernels.largest(delta.u(), 0, delta.u().length);
        float v = kernels.largest(delta.v(), 0, delta.v().length);
        int half = (Math.getExponent(u) - Math.getExponent(v)) / 2;
        return new LowRank(
                delta.rows(), delta.columns(), delta.rank(), scaled(delta.u(), -half), scaled(delta.v(), half));
    }

    private static float[] scaled(float[] values, int exponent) {
        float[] scaled = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            scaled[i] = Math.scalb(values[i], exponent);
        }
        return scaled;
    }

    private PrunedBlock lors(float[] delta, int rows, int columns, int keep) throws RejectedException, IOException {
        requireFinite(delta);
        if (rank > 0 && rank >= Math.min(rows, columns)) {
            return dense(delta, delta.length);
        }
        LowRank exact = decomposition.truncate(delta, rows, columns, rank);
        LowRank rounded = new LowRank(
                rows,
                columns,
                exact.rank(),
                rounded(exact.u(), exact.u().length),
                rounded(exact.v(), exact.v().length));
        return withLargest(delta, rounded, keep);
    }

    private LorsBlock atRandom(float[] delta, LowRank nothing) throws RejectedException {
        requireFinite(delta);
        float[] rescaled = scratch.floats(delta.length);
        try {
            for (int i = 0; i < delta.length; i++) {
                rescaled[i] = (float) (delta[i] / density);
            }
            return withMarked(rescaled, nothing, RandomSelection.mark(delta, density, seed));
        } finally {
            scratch.release(rescaled);
        }
    }

    /**
     * Keeps the first {@code count} elements of a delta, rounded to the precision.
     *
     * @throws RejectedException {@code NON_FINITE} if one of them, at this precision, is not finite
     */
    public DenseBlock dense(float[] delta, int count) throws RejectedException {
        return new DenseBlock(precision, rounded(delta, count));
    }

    /** The block of L and the largest entries of {@code delta - L}. */
    private LorsBlock withLargest(float[] delta, LowRank lowRank, int keep) throws RejectedException {
        float[] residual = scratch.floats(delta.length);
        try {
            TopSelection selection = subtract(delta, lowRank, residual);
            if (!selection.isFinite()) {
                requireFinite(residual);
            }
            return withMarked(residual, lowRank, selection.mark(residual, keep));
        } finally {
            scratch.release(residual);
        }
    }

    /** Sets {@code residual} to {@code delta - L}, row by row, and counts its entries. */
    private TopSelection subtract(float[] delta, LowRank lowRank, float[] residual) {
        TopSelection selection = new TopSelection(kernels);
        int rank = lowRank.rank();
        if (rank == 0) {
            System.arraycopy(delta, 0, residual, 0, delta.length);
            selection.count(residual, 0, residual.length);
            return selection;
        }
        int columns = lowRank.columns();
        for (int i = 0; i < lowRank.rows(); i++) {
            int row = i * columns;
            kernels.product(lowRank.u(), i * rank, rank, lowRank.v(), columns, 0, columns, residual, row);
            for (int j = row; j < row + columns; j++) {
                residual[j] = delta[j] - residual[j];
            }
            selection.count(residual, row, columns);
        }
        return selection;
    }

    private LorsBlock withMarked(float[] residual, LowRank lowRank, long[] mask) throws RejectedException {
        int marked = 0;
        for (long word : mask) {
            marked += Long.bitCount(word);
        }
        float[] values = new float[marked];
        int kept = 0;
        for (int w = 0; w < mask.length; w++) {
            for (long bits = mask[w]; bits != 0; bits &= bits - 1) {
                int place = Long.numberOfTrailingZeros(bits);
                values[kept] = residual[w * 64 + place];
                if (values[kept] == 0) {
                    mask[w] &= ~(1L << place);
                } else {
                    kept++;
                }
            }
        }
        return new LorsBlock(precision, lowRank, kept == 0 ? new long[0] : mask, rounded(values, kept));
    }

    private float[] rounded(float[] values, int count) throws RejectedException {
        float[] rounded = Arrays.copyOf(values, count);
        requireFinite(rounded);
        if (precision == Precision.FLOAT16) {
            for (int i = 0; i < count; i++) {
                rounded[i] = FloatEncoding.rounded(ElementType.FLOAT16, rounded[i]);
                if (Float.isInfinite(rounded[i])) {
                    throw new RejectedException(
                            RejectionCode.NON_FINITE,
                            "The delta needs the value " + values[i] + ", and float16 ends at "
                                    + ElementType.FLOAT16.largestValue()
                                    + ". Use precision FLOAT32, or check the expert: deltas of this size are no fine-tuning.");
                }
            }
        }
        if (precision.isInteger()) {
            new Quantization(precision).round(rounded, count);
        }
        return rounded;
    }

    private void requireFinite(float[] values) throws RejectedException {
        if (Float.isFinite(kernels.largest(values, 0, values.length))) {
            return;
        }
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
