package dev.koine.engine.taskvector;

import dev.koine.engine.linalg.Kernels;
import dev.koine.engine.linalg.LowRank;
import java.util.Arrays;
import java.util.Objects;

/**
 * A matrix as a low-rank part plus a sparse part (LoRS-Merging, arXiv 2502.17380v3, equation of the pruned task vector
 * {@code L + S}).
 *
 * <p>Element {@code (i, j)} is {@code u[i,0] v[0,j]}, plus {@code u[i,k] v[k,j]} for k = 1, 2, ... in this order, each product and
 * each sum rounded to float32; then, if the mask marks the element, plus its kept value. Without factors the sum starts at +0.
 * Kept values stand in the order of their elements.
 */
public final class LorsBlock implements PrunedBlock {
    private static final int WORDS_PER_STRIDE = 64;
    private static final Kernels KERNELS = Kernels.fastest();

    private final Precision precision;
    private final LowRank lowRank;
    private final long[] mask;
    private final float[] values;
    private final int[] keptBeforeStride;

    /** @param mask bits beyond the last element are 0; empty if nothing is kept */
    LorsBlock(Precision precision, LowRank lowRank, long[] mask, float[] values) {
        this.precision = precision;
        this.lowRank = lowRank;
        this.mask = mask;
        this.values = values;
        this.keptBeforeStride = new int[mask.length / WORDS_PER_STRIDE + 1];
        int kept = 0;
        for (int w = 0; w < mask.length; w++) {
            if (w % WORDS_PER_STRIDE == 0) {
                keptBeforeStride[w / WORDS_PER_STRIDE] = kept;
            }
            kept += Long.bitCount(mask[w]);
        }
        if (kept != values.length) {
            throw new IllegalArgumentException(kept + " entries are marked and " + values.length + " are kept");
        }
    }

    @Override
    public int numel() {
        return lowRank.rows() * lowRank.columns();
    }

    @Override
    public Precision precision() {
        return precision;
    }

    /** The factors of the low-rank part; rank 0 if there is none. */
    public LowRank lowRank() {
        return lowRank;
    }

    /** The number of entries in the sparse part. */
    public int keep() {
        return values.length;
    }

    @Override
    public void read(int from, int count, float[] target, int at) {
        Objects.checkFromIndexSize(from, count, numel());
        Objects.checkFromIndexSize(at, count, target.length);
        if (lowRank.rank() == 0) {
            Arrays.fill(target, at, at + count, 0f);
        } else {
            multiply(from, count, target, at);
        }
        if (values.length > 0 && count > 0) {
            addKept(from, count, target, at);
        }
    }

    /** The product of the factors: the rest of a row, whole rows, and a row's beginning. */
    private void multiply(int from, int count, float[] target, int at) {
        int rank = lowRank.rank();
        int columns = lowRank.columns();
        for (int done = 0; done < count; ) {
            int row = (from + done) / columns;
            int column = (from + done) % columns;
            int run = Math.min(columns - column, count - done);
            if (run == columns) {
                int rows = (count - done) / columns;
                KERNELS.products(lowRank.u(), row * rank, rows, rank, lowRank.v(), columns, target, at + done);
                run = rows * columns;
            } else {
                KERNELS.product(lowRank.u(), row * rank, rank, lowRank.v(), columns, column, run, target, at + done);
            }
            done += run;
        }
    }

    private void addKept(int from, int count, float[] target, int at) {
        int end = from + count;
        int word = from / 64;
        long bits = mask[word] & -1L << (from % 64);
        int next = keptBefore(from);
        int shift = at - from;
        while (true) {
            int base = word * 64;
            if (base + 64L > end) {
                int inside = end - base;
                bits &= inside == 64 ? -1L : (1L << inside) - 1;
            }
            while (bits != 0) {
                target[base + Long.numberOfTrailingZeros(bits) + shift] += values[next++];
                bits &= bits - 1;
            }
            if (base + 64L >= end) {
                return;
            }
            bits = mask[++word];
        }
    }

    private int keptBefore(int element) {
        int word = element / 64;
        int stride = word / WORDS_PER_STRIDE;
        int kept = keptBeforeStride[stride];
        for (int w = stride * WORDS_PER_STRIDE; w < word; w++) {
            kept += Long.bitCount(mask[w]);
        }
        return kept + Long.bitCount(mask[word] & (1L << (element % 64)) - 1);
    }

    long[] mask() {
        return mask;
    }

    float[] values() {
        return values;
    }
}
