package dev.koine.engine.linalg;

import java.util.Arrays;

/**
 * Exact selection of the entries that are largest in magnitude, without sorting: a radix selection.
 *
 * <p>The bits of a non-negative float32, read as an integer, order like its value. Whoever makes the values has their magnitudes
 * counted by their high bits, while they are still in the cache. The counts say which high bits the threshold has; one pass over the values
 * marks what is above them and lists the few that share them; digit by digit, the list gives the threshold, and how many entries that
 * equal it are still to be kept.
 */
public final class TopSelection {
    private static final int MAGNITUDE = 0x7fffffff;
    private static final int DIGIT_BITS = 9;
    private static final int DIGITS = 1 << DIGIT_BITS;
    private static final int LOW_BITS = 2 * DIGIT_BITS;
    private static final int FIRST_NON_FINITE = 0x7f800000 >>> LOW_BITS;

    private final int[] bins = new int[(MAGNITUDE >>> LOW_BITS) + 1];
    private final Kernels kernels;

    /** Nothing counted yet. */
    public TopSelection(Kernels kernels) {
        this.kernels = kernels;
    }

    /** Counts {@code count} values from {@code from} on. */
    public void count(float[] values, int from, int count) {
        for (int i = from; i < from + count; i++) {
            bins[(Float.floatToRawIntBits(values[i]) & MAGNITUDE) >>> LOW_BITS]++;
        }
    }

    /** Whether every counted value is. */
    public boolean isFinite() {
        for (int bin = FIRST_NON_FINITE; bin < bins.length; bin++) {
            if (bins[bin] > 0) {
                return false;
            }
        }
        return true;
    }

    /**
     * Marks the {@code keep} entries of largest magnitude; of equal magnitudes the ones of lowest index. Zeros count as entries.
     *
     * @param values float32 without NaN
     * @return entry i is marked by bit {@code i % 64} of word {@code i / 64}; written as little-endian bytes, that is bit
     *     {@code i % 8} of byte {@code i / 8}
     * @throws IllegalArgumentException unless {@code 0 <= keep <= values.length}
     */
    public static long[] largest(float[] values, int keep) {
        TopSelection selection = new TopSelection(Kernels.fastest());
        selection.count(values, 0, values.length);
        return selection.mark(values, keep);
    }

    /**
     * {@link #largest} of values that have all been counted, in any order.
     *
     * @throws IllegalArgumentException unless {@code 0 <= keep <= values.length}
     */
    public long[] mark(float[] values, int keep) {
        int n = values.length;
        if (keep < 0 || keep > n) {
            throw new IllegalArgumentException("keep " + keep + " of " + n);
        }
        long[] mask = new long[(int) (((long) n + 63) / 64)];
        if (keep == 0) {
            return mask;
        }
        int above = 0;
        int bin = bins.length - 1;
        while (above + bins[bin] < keep) {
            above += bins[bin--];
        }
        int[] candidates = new int[bins[bin]];
        int found = 0;
        for (int w = 0; w < mask.length; w++) {
            int from = w * 64;
            int count = Math.min(64, n - from);
            mask[w] = bin == bins.length - 1 ? 0 : kernels.atLeast(values, from, count, (bin + 1) << LOW_BITS);
            long same = kernels.atLeast(values, from, count, bin << LOW_BITS) & ~mask[w];
            for (; same != 0; same &= same - 1) {
                candidates[found++] = from + Long.numberOfTrailingZeros(same);
            }
        }
        markLargest(values, candidates, keep - above, mask);
        return mask;
    }

    /** Marks the {@code keep} largest of some entries that share their high bits; at least one. */
    private static void markLargest(float[] values, int[] candidates, int keep, long[] mask) {
        int threshold = 0;
        int left = keep;
        int[] digits = new int[DIGITS];
        for (int shift = LOW_BITS - DIGIT_BITS; shift >= 0; shift -= DIGIT_BITS) {
            Arrays.fill(digits, 0);
            for (int candidate : candidates) {
                int low = low(values[candidate]);
                if (low >>> (shift + DIGIT_BITS) == threshold >>> (shift + DIGIT_BITS)) {
                    digits[low >>> shift & (DIGITS - 1)]++;
                }
            }
            int digit = DIGITS - 1;
            while (digits[digit] < left) {
                left -= digits[digit--];
            }
            threshold |= digit << shift;
        }
        for (int candidate : candidates) {
            int low = low(values[candidate]);
            if (low > threshold || (low == threshold && left-- > 0)) {
                mask[candidate >>> 6] |= 1L << candidate;
            }
        }
    }

    private static int low(float value) {
        return Float.floatToRawIntBits(value) & ((1 << LOW_BITS) - 1);
    }
}
