package dev.koine.engine.taskvector;

/**
 * A seeded choice of entries, each on its own (the drop mask of DARE, arXiv 2311.03099).
 *
 * <p>A counter-based generator: whether entry i is kept is a function of a key and i alone, the finaliser of SplitMix64 (Steele, Lea and
 * Flood, 2014) over the key plus i steps. The key is the seed and the bits of the delta itself: two experts share no mask, equal tensors
 * do, and whoever prunes the same delta again, on any machine and in any order, draws the same entries.
 */
final class RandomSelection {
    private static final long STEP = 0x9e3779b97f4a7c15L;
    private static final double UNIT = 0x1p-53;

    private RandomSelection() {}

    /**
     * Marks each entry with probability {@code density}.
     *
     * @return entry i is marked by bit {@code i % 64} of word {@code i / 64}
     */
    static long[] mark(float[] delta, double density, long seed) {
        long key = mix(seed + STEP);
        for (float value : delta) {
            key = mix(key ^ Float.floatToRawIntBits(value)) + STEP;
        }
        long[] mask = new long[(int) (((long) delta.length + 63) / 64)];
        for (int i = 0; i < delta.length; i++) {
            if ((mix(key + (i + 1) * STEP) >>> 11) * UNIT < density) {
                mask[i / 64] |= 1L << i;
            }
        }
        return mask;
    }

    private static long mix(long z) {
        long a = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
        long b = (a ^ a >>> 27) * 0x94d049bb133111ebL;
        return b ^ b >>> 31;
    }
}
