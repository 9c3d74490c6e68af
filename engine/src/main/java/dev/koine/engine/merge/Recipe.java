package dev.koine.engine.merge;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.onnx.Weight;
import dev.koine.engine.onnx.WeightRole;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.Precision;
import java.util.List;

/**
 * How experts are pruned and added up: {@code merged = base + scale * sum of weight(e) * prune(expert(e) - base)}.
 *
 * <p>The defaults are those published for LoRS-Merging (arXiv 2502.17380v3): rank 7, 20 % of the residual, scale 0.2 for five
 * experts.
 *
 * @param rank rank of the low-rank part of a pruned matrix; 0 for none
 * @param density fraction of the residual's entries that are kept, 0 to 1
 * @param scale factor of the summed task vectors
 * @param precision element type that task vectors are kept in
 * @param rules the first rule that matches a weight decides its policy; without one, attention and MLP matrices are
 *     {@link Policy#LORS} and everything else is {@link Policy#DENSE}
 */
public record Recipe(int rank, double density, double scale, Precision precision, List<PolicyRule> rules) {

    /** The published settings, in float32. */
    public static final Recipe PUBLISHED = new Recipe(7, 0.2, 0.2, Precision.FLOAT32, List.of());

    /** A low-rank part this large is no longer low rank for any speech model. */
    private static final int MAX_RANK = 1024;

    public Recipe {
        rules = List.copyOf(rules);
    }

    /**
     * Checks the ranges.
     *
     * @throws RejectedException {@link RejectionCode#INVALID_EVENT} if a setting makes no sense
     */
    public Recipe validated() throws RejectedException {
        require(rank >= 0 && rank <= MAX_RANK, "rank is " + rank + "; give one from 0 to " + MAX_RANK);
        require(density >= 0 && density <= 1, "density is " + density + "; give a fraction from 0 to 1");
        require(Double.isFinite(scale), "scale is " + scale + "; give a finite number");
        return this;
    }

    /** How the delta of this weight is compressed. */
    public Policy policyOf(Weight weight) {
        for (PolicyRule rule : rules) {
            if (rule.matches(weight)) {
                return rule.policy();
            }
        }
        return weight.role() == WeightRole.LINEAR ? Policy.LORS : Policy.DENSE;
    }

    private static void require(boolean holds, String message) throws RejectedException {
        if (!holds) {
            throw new RejectedException(RejectionCode.INVALID_EVENT, "The recipe's " + message + ".");
        }
    }
}
