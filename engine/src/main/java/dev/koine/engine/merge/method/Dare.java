package dev.koine.engine.merge.method;

import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.tensor.WeightRole;
import java.util.List;

/**
 * DARE (arXiv 2311.03099): of every weight, entries at random, divided by their fraction so that the expected task vector is the whole
 * one. The paper drops over all parameters at once with one rate; a mask that is drawn entry by entry is the same tensor by tensor.
 */
public record Dare() implements MergeMethod {
    @Override
    public String name() {
        return "DARE";
    }

    @Override
    public String summary() {
        return "entries at random, rescaled, of all weights";
    }

    @Override
    public List<Parameter> parameters() {
        return List.of(Parameter.DENSITY_OVER_ZERO, Parameter.SEED);
    }

    @Override
    public Policy compress(WeightRole role) {
        return Policy.RANDOM;
    }
}
