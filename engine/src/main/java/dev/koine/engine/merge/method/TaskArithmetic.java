package dev.koine.engine.merge.method;

import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.tensor.WeightRole;
import java.util.List;

/**
 * Task arithmetic (arXiv 2212.04089): whole task vectors, added up.
 */
public record TaskArithmetic() implements MergeMethod {
    @Override
    public String name() {
        return "TASK_ARITHMETIC";
    }

    @Override
    public String summary() {
        return "whole task vectors";
    }

    @Override
    public List<Parameter> parameters() {
        return List.of();
    }

    @Override
    public Policy compress(WeightRole role) {
        return Policy.DENSE;
    }
}
