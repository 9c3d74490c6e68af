package dev.koine.engine.linalg;

/**
 * Exact selection of the entries that are largest in magnitude, without sorting.
 *
 * <p>The bits of a non-negative float32, read as an integer, order like its value. One pass counts the high 16 bits of every
 * magnitude, a second one the low 15 bits of those that share the threshold's high bits: that gives the threshold exactly, and
 * how many entries that equal it are still to be kept. A third pass writes the mask.
 */
public final class TopSelection {
    private static final int MAGNITUDE = 0x7fffffff;
    private static final int LOW_BITS = 15;

    private TopSelection() {}

    /**
     * Marks the {@code keep} entries of largest magnitude; of equal magnitudes the ones of lowest index. Zeros count as entries.
     *
     * @param values float32 without NaN
     * @return entry i is marked by bit {@code i % 64} of word {@code i / 64}; written as little-endian bytes, that is bit
     *     {@code i % 8} of byte {@code i / 8}
     * @throws IllegalArgumentException unless {@code 0 <= keep <= values.length}
     */
    public static long[] largest(float[] values, int keep) {
        int n = values.length;
        if (keep < 0 || keep > n) {
            throw new IllegalArgumentException("keep " + keep + " of " + n);
        }
        long[] mask = new long[(int) (((long) n + 63) / 64)];
        if (keep == 0) {
            return mask;
        }
        int[] high = new int[1 << 16];
        for (float value : values) {
            high[(Float.floatToRawIntBits(value) & MAGNITUDE) >>> LOW_BITS]++;
        }
        int above = 0;
        int bin = high.length - 1;
        while (above + high[bin] < keep) {
            above += high[bin--];
        }
        int[] low = new int[1 << LOW_BITS];
        for (float value : values) {
            int magnitude = Float.floatToRawIntBits(value) & MAGNITUDE;
            if (magnitude >>> LOW_BITS == bin) {
                low[magnitude & (low.length - 1)]++;
            }
        }
        int lowBin = low.length - 1;
        while (above + low[lowBin] < keep) {
            above += low[lowBin--];
        }
        mark(values, bin << LOW_BITS | lowBin, keep - above, mask);
        return mask;
    }

    private static void mark(float[] values, int threshold, int ties, long[] mask) {
        int tiesLeft = ties;
        for (int w = 0; w < mask.length; w++) {
            int from = w * 64;
            int count = Math.min(64, values.length - from);
            long over = 0;
            long equal = 0;
            for (int b = 0; b < count; b++) {
                int magnitude = Float.floatToRawIntBits(values[from + b]) & MAGNITUDE;
                over |= (long) ((threshold - magnitude) >>> 31) << b;
                equal |= (long) (((magnitude ^ threshold) - 1) >>> 31) << b;
            }
            while (equal != 0 && tiesLeft > 0) {
                over |= Long.lowestOneBit(equal);
                equal &= equal - 1;
                tiesLeft--;
            }
            mask[w] = over;
        }
    }
}
