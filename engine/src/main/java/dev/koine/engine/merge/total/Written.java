package dev.koine.engine.merge.total;

import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.FloatEncoding;
import java.util.OptionalDouble;

/**
 * What became of the update when merged weights were written, in the weights that are narrower than float32. There a step of less than half
 * the distance between two values is lost: the weight is rounded back to the base's.
 *
 * @param wanted sum of squares of the update, merged weight minus base, before it is rounded to the weight's type
 * @param arrived sum of the products of that update with what is left of it behind the rounding
 * @param raised how many variances were raised to their bound, in weights of any type
 */
public record Written(double wanted, double arrived, long raised) {
    /** Of a version without changes. */
    public static final Written NOTHING = new Written(0, 0, 0);

    /**
     * Less than this share is little. Rounding keeps 91 % of an update whose typical step is 0.4 of the distance between two values of the
     * type, 66 % of one of 0.3, 17 % of one of 0.2; from 0.5 on it keeps all.
     */
    private static final double LITTLE = 0.9;

    /** That of two runs of weights together. */
    public Written plus(Written other) {
        return new Written(wanted + other.wanted, arrived + other.arrived, raised + other.raised);
    }

    /**
     * The share of the update that arrives: the part of what is written that points its way, by its length. About 1 where steps are large; 0 where
     * all are lost. Empty if no weight that is narrower than float32 changes.
     */
    public OptionalDouble share() {
        return wanted > 0 ? OptionalDouble.of(arrived / wanted) : OptionalDouble.empty();
    }

    /** Whether a share of an update is so small that users should hear of it. */
    public static boolean isLittle(double share) {
        return share < LITTLE;
    }

    /**
     * Measures a run of a weight.
     *
     * @param before the base's values, from index 0
     * @param after the merged ones from {@code at} on, not rounded yet
     */
    public static Written of(ElementType type, float[] before, float[] after, int at, int count, long raised) {
        double wanted = 0;
        double arrived = 0;
        if (type != ElementType.FLOAT) {
            for (int i = 0; i < count; i++) {
                float merged = after[at + i];
                double step = (double) merged - before[i];
                if (step != 0 && Double.isFinite(step)) {
                    wanted += step * step;
                    arrived += step * ((double) FloatEncoding.rounded(type, merged) - before[i]);
                }
            }
        }
        return new Written(wanted, arrived, raised);
    }
}
