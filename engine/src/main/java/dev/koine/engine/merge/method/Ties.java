package dev.koine.engine.merge.method;

import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.tensor.WeightRole;
import java.util.List;

/**
 * TIES-Merging (arXiv 2306.01708): trims every task vector to its largest entries, elects a sign for each entry by the larger sum, and
 * takes the mean of the entries that agree with it. The paper trims over all parameters of a model at once; here each tensor keeps the
 * same fraction, so that a tensor can be pruned without looking at the others.
 *
 * <p>{@code slack} keeps entries that only just lose their election from being discarded: where the losing side's sum comes within this
 * fraction of the winning side's, the mean goes over both. That is a reading of the abstract of arXiv 2407.03994 (Tao et al., 2024),
 * which names a slack variable that mitigates the loss of important parameters, and gives no formula. 0 is TIES itself.
 */
public record Ties() implements MergeMethod {
    @Override
    public String name() {
        return "TIES";
    }

    @Override
    public String summary() {
        return "largest entries of all weights, then the mean of those with the elected sign";
    }

    @Override
    public List<Parameter> parameters() {
        return List.of(Parameter.DENSITY, Parameter.SLACK);
    }

    @Override
    public Policy compress(WeightRole role) {
        return Policy.SPARSE;
    }

    /**
     * For each element the sum of its positive addends, the sum of its negative ones, and how many there are of each: an addend's sign is
     * that of factor * value, zeros are neither. All four are integers, so that TIES can be undone, though it is no sum.
     */
    @Override
    public Accumulation accumulate() {
        return Signs.BY_SIGN;
    }

    @Override
    public Finish finish(WeightRole role, Parameters parameters) {
        return new Election(parameters.slack());
    }

    @Override
    public boolean isMean() {
        return true;
    }

    private record Signs() implements Accumulation {
        static final Accumulation BY_SIGN = new Signs();

        @Override
        public List<Plane> planes() {
            return List.of(Plane.SUM, Plane.SUM, Plane.COUNT, Plane.COUNT);
        }

        @Override
        public void split(float[] values, int count, double factor, float[][] addends) {
            float[] positiveSum = addends[0];
            float[] negativeSum = addends[1];
            float[] positives = addends[2];
            float[] negatives = addends[3];
            for (int i = 0; i < count; i++) {
                float value = values[i];
                double addend = factor * value;
                boolean isNegative = addend < 0;
                positiveSum[i] = isNegative ? 0 : value;
                negativeSum[i] = isNegative ? value : 0;
                positives[i] = addend > 0 ? 1 : 0;
                negatives[i] = isNegative ? 1 : 0;
            }
        }
    }

    /**
     * The mean of the addends with the elected sign.
     *
     * <pre>
     *   p, m     sum of the positive addends, and magnitude of the sum of the negative ones
     *   c, d     how many there are of them
     *   delta    p / c if p &gt; m, -m / d if m &gt; p
     *            (p - m) / (c + d) if the smaller of p and m is at least (1 - slack) times the larger
     * </pre>
     *
     * <p>Where both sums are equal no sign is elected, and the delta is zero.
     */
    private record Election(double slack) implements Elementwise {
        @Override
        public void finish(double[][] totals, int count) {
            double[] deltas = totals[0];
            double[] negative = totals[1];
            double[] positives = totals[2];
            double[] negatives = totals[3];
            for (int i = 0; i < count; i++) {
                deltas[i] = delta(deltas[i], negative[i], positives[i], negatives[i]);
            }
        }

        private double delta(double positive, double negative, double positives, double negatives) {
            double larger = Math.max(positive, -negative);
            double smaller = Math.min(positive, -negative);
            if (smaller >= (1 - slack) * larger) {
                return larger == 0 ? 0 : (positive + negative) / (positives + negatives);
            }
            return positive > -negative ? positive / positives : negative / negatives;
        }

        /** A mean is no larger than the sum. */
        @Override
        public boolean isBounded() {
            return true;
        }
    }
}
