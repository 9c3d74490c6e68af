package dev.koine.engine.merge.prune;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.tensor.Values;

/**
 * Elements that no training makes: the constants of attention masks, such as minus infinity, float32's lowest, -1e9, -65504 or -10000.
 * Tools write them each in a way of their own, and where base and expert come from two of them the difference is no step of a training.
 * Equal ones are no trouble.
 */
public final class LargeConstants {
    /** Values of less lie an eighth apart or closer in float32: a smaller difference leaves of the expert's value what matters. */
    static final float LARGE = 0x1p20f;

    /** The smallest magnitude that exporters mask with. */
    private static final float SMALLEST_MASK = 1e4f;

    private static final String ADVICE =
            " It looks like a mask or another constant that a converter changed: convert base and expert"
                    + " with the same tool and settings.";

    private LargeConstants() {}

    /**
     * Requires that base plus difference is still the expert's value, in float32: to more than half of it. Where the base is larger than
     * 2<sup>24</sup> times that value all of it is lost, and a mask would come out as 0.
     *
     * @param difference expert minus base, in float32
     * @throws RejectedException TENSOR_MISMATCH for the first element that is not
     */
    static void requireKept(PruneItem item, float[] base, float[] expert, float[] difference) throws RejectedException {
        for (int i = 0; i < difference.length; i++) {
            if (Math.abs(difference[i]) >= LARGE) {
                double error = (double) (base[i] + difference[i]) - expert[i];
                if (Math.abs(error) > Math.abs(expert[i]) / 2.0) {
                    throw new RejectedException(
                            RejectionCode.TENSOR_MISMATCH,
                            where(item, i, expert[i], base[i])
                                    + ": so far apart that the expert's value is lost in base plus difference."
                                    + ADVICE);
                }
            }
        }
    }

    /** The refusal of an element, by its index in the item, whose difference is no finite number. */
    static RejectedException notFinite(PruneItem item, int index, float expert, float base) {
        boolean isMask = !Float.isNaN(expert) && Math.abs(base) >= SMALLEST_MASK;
        return new RejectedException(
                RejectionCode.NON_FINITE,
                where(item, index, expert, base) + "; the difference is no finite number."
                        + (isMask
                                ? ADVICE
                                : " The training diverged or the export is damaged: export a healthy checkpoint and submit it"
                                        + " again."));
    }

    /** What to do about a difference that has no place in a total; empty where it is no constant's. */
    public static String advice(float difference) {
        return Math.abs(difference) >= LARGE ? ADVICE : "";
    }

    private static String where(PruneItem item, int index, float expert, float base) {
        String file = item.expert() instanceof Values values
                ? " in " + values.tensors().get(0).file().getFileName()
                : "";
        return "Tensor " + item.expert().name() + file + " is " + expert + " at element " + (item.from() + index)
                + ", where the base is " + base;
    }
}
