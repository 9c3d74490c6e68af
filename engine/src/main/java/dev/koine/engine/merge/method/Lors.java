package dev.koine.engine.merge.method;

import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.tensor.WeightRole;
import java.util.List;

/**
 * LoRS-Merging (arXiv 2502.17380v3): attention and MLP matrices as a low-rank part plus the largest entries of the rest, everything
 * else whole.
 */
public record Lors() implements MergeMethod {
    @Override
    public String name() {
        return "LORS";
    }

    @Override
    public String summary() {
        return "low-rank part plus the largest entries of the rest, for attention and MLP matrices";
    }

    @Override
    public List<Parameter> parameters() {
        return List.of(Parameter.RANK, Parameter.DENSITY);
    }

    @Override
    public Policy compress(WeightRole role) {
        return role == WeightRole.LINEAR ? Policy.LORS : Policy.DENSE;
    }
}
