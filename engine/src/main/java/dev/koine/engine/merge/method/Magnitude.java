package dev.koine.engine.merge.method;

import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.tensor.WeightRole;
import java.util.List;

/**
 * Magnitude pruning alone: the largest entries of attention and MLP matrices, tensor by tensor, everything else whole. The ablation of
 * {@link Lors} without its low-rank part (arXiv 2502.17380v3).
 */
public record Magnitude() implements MergeMethod {
    @Override
    public String name() {
        return "MAGNITUDE";
    }

    @Override
    public String summary() {
        return "largest entries, for attention and MLP matrices";
    }

    @Override
    public List<Parameter> parameters() {
        return List.of(Parameter.DENSITY);
    }

    @Override
    public Policy compress(WeightRole role) {
        return role == WeightRole.LINEAR ? Policy.SPARSE : Policy.DENSE;
    }
}
