package dev.koine.engine.merge.method;

import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.tensor.WeightRole;
import java.util.List;

/**
 * RegMean (arXiv 2212.09849) on task vectors: where a layer's inputs look alike in no two languages, each expert's matrix changes what its own
 * language's inputs come to, and leaves those of others alone. Matrices that multiply such inputs are weighed by their statistics
 * ({@code merge.weighed}); everything else is the sum of task vectors, scaled. Task vectors are pruned as by {@link Compact}.
 */
public record RegMean() implements MergeMethod {
    @Override
    public String name() {
        return "REGMEAN";
    }

    @Override
    public String summary() {
        return "low-rank task vectors, weighed by what layers' inputs look like in each language";
    }

    @Override
    public List<Parameter> parameters() {
        return List.of(Parameter.RANK);
    }

    @Override
    public Policy compress(WeightRole role) {
        return Policy.LOW_RANK_BANDS;
    }

    @Override
    public boolean isWeighed() {
        return true;
    }
}
