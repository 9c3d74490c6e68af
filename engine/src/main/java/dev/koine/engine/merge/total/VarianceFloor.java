package dev.koine.engine.merge.total;

/**
 * Keeps merged {@link dev.koine.engine.tensor.WeightRole#VARIANCE variances} in their range. To first order, the statistics of a merged model
 * move as its weights do, so they are added like these; but where several experts say that a variance shrinks, the sum can end below zero, and
 * a root of that is NaN.
 *
 * <p>A merged variance is at least a sixteenth of the base's: a quarter of the standard deviation, so that a channel comes out at most four
 * times as large as the base's statistics would make it. What single experts bring is mostly above that and stays. The bound depends on the
 * base alone and is applied to what is written, never to totals: order plays no part, and a retraction gives back the bytes from before.
 */
final class VarianceFloor {
    private static final float SHARE = 1f / 16;

    private VarianceFloor() {}

    /**
     * Raises merged values that are below the bound; one whose base is negative has none.
     *
     * @param base the base's values, from index 0
     * @param merged the merged ones, from {@code at} on
     * @return how many were raised
     */
    static long raise(float[] base, float[] merged, int at, int count) {
        long raised = 0;
        for (int i = 0; i < count; i++) {
            float least = base[i] * SHARE;
            if (base[i] >= 0 && merged[at + i] < least) {
                merged[at + i] = least;
                raised++;
            }
        }
        return raised;
    }
}
