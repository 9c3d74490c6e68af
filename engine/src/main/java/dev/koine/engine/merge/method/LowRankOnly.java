package dev.koine.engine.merge.method;

import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.tensor.WeightRole;
import java.util.List;

/**
 * Low-rank pruning alone: attention and MLP matrices as their best approximation of a rank, everything else whole. The ablation of
 * {@link Lors} without its sparse part (arXiv 2502.17380v3).
 */
public record LowRankOnly() implements MergeMethod {
    @Override
    public String name() {
        return "LOW_RANK";
    }

    @Override
    public String summary() {
        return "best low-rank approximation, for attention and MLP matrices";
    }

    @Override
    public List<Parameter> parameters() {
        return List.of(Parameter.RANK);
    }

    @Override
    public Policy compress(WeightRole role) {
        return role == WeightRole.LINEAR ? Policy.LOW_RANK : Policy.DENSE;
    }
}
