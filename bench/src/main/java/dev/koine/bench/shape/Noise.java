package dev.koine.bench.shape;

/**
 * Numbers close to Gaussian that can be had from any place on: each is a hash of its place, so it does not matter which thread makes
 * which of them.
 */
public final class Noise {
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;
    private static final double DEVIATION_OF_SUM = Math.sqrt(8 * (65536 - 1) / 12.0);
    private static final int MEAN_OF_SUM = 8 * 255 / 2;

    private Noise() {}

    /** Values {@code from} to {@code from + count} of a stream, with this standard deviation and mean 0. */
    public static void fill(long seed, long from, int count, double deviation, float[] target) {
        double unit = deviation / DEVIATION_OF_SUM;
        for (int i = 0; i < count; i++) {
            target[i] = (float) ((sumOfBytes(mixed(seed + (from + i) * GOLDEN)) - MEAN_OF_SUM) * unit);
        }
    }

    /** A seed for the {@code index}th thing under a seed. */
    public static long seed(long seed, int index) {
        return mixed(seed ^ mixed(index * GOLDEN));
    }

    /** The output function of SplitMix64. */
    private static long mixed(long state) {
        long z = state + GOLDEN;
        z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
        z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
        return z ^ z >>> 31;
    }

    private static long sumOfBytes(long bits) {
        long pairs = (bits & 0x00ff00ff00ff00ffL) + (bits >>> 8 & 0x00ff00ff00ff00ffL);
        return (pairs * 0x0001000100010001L) >>> 48;
    }
}
