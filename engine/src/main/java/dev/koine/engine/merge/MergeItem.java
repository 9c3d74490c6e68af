package dev.koine.engine.merge;

import dev.koine.engine.merge.prune.PruneItem;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.tensor.Counterpart;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.Weight;
import java.util.List;

/**
 * A run of elements of one base weight with the counterparts in all experts, merged at once.
 *
 * @param weights base weights whose merged values are the same: equal in the base, in each expert, in
 *     their policy, and in whether they are variances
 * @param experts each expert's counterpart, in the order of the experts; of the weights' shape
 * @param from the first element of the run, row-major
 * @param count the number of elements; the whole tensor unless the policy is {@link Policy#DENSE}
 */
record MergeItem(List<Weight> weights, Policy policy, List<Counterpart> experts, long from, int count) {
    MergeItem {
        weights = List.copyOf(weights);
        experts = List.copyOf(experts);
    }

    /** Where the base's elements lie. */
    TensorInfo base() {
        return weights.get(0).tensor();
    }

    boolean isWhole() {
        return count == base().numel();
    }

    /** What there is to prune of one expert. */
    PruneItem prune(int expert) {
        return new PruneItem(
                weights.stream().map(Weight::key).toList(), policy, base(), experts.get(expert), from, count);
    }
}
