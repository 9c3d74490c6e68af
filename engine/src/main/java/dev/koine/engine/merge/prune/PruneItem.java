package dev.koine.engine.merge.prune;

import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.tensor.TensorInfo;
import java.util.List;

/**
 * A run of elements of one weight that is pruned at once.
 *
 * @param weights keys of the base weights that the result belongs to; more than one where they are tied
 * @param base where the base's elements lie
 * @param expert where the expert's elements lie; same element type and shape
 * @param from the first element of the run, row-major
 * @param count the number of elements; the whole tensor unless the policy is {@link Policy#DENSE}
 */
public record PruneItem(List<String> weights, Policy policy, TensorInfo base, TensorInfo expert, long from, int count) {
    public PruneItem {
        weights = List.copyOf(weights);
    }
}
