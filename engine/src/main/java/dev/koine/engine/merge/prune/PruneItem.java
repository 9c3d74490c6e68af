package dev.koine.engine.merge.prune;

import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.tensor.Counterpart;
import dev.koine.engine.tensor.TensorInfo;
import java.util.List;

/**
 * A run of elements of one weight that is pruned at once.
 *
 * @param weights keys of the base weights that the result belongs to; more than one where they are tied, and {@link
 *     dev.koine.engine.tensor.Transposed marked} behind the others where they hold the transpose
 * @param base where the base's elements lie
 * @param expert the expert's counterpart; of the same shape
 * @param from the first element of the run, row-major
 * @param count the number of elements; the whole tensor unless the policy is {@link Policy#DENSE} and the expert has values
 */
public record PruneItem(
        List<String> weights, Policy policy, TensorInfo base, Counterpart expert, long from, int count) {
    public PruneItem {
        weights = List.copyOf(weights);
    }
}
