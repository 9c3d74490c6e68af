package dev.koine.engine.merge.method;

import dev.koine.engine.onnx.WeightRole;
import dev.koine.engine.taskvector.Policy;
import java.util.List;

/**
 * TIES-Merging (arXiv 2306.01708): trims every task vector to its largest entries, elects a sign for each entry by the larger sum, and
 * takes the mean of the entries that agree with it. The paper trims over all parameters of a model at once; here each tensor keeps the
 * same fraction, so that a tensor can be pruned without looking at the others.
 *
 * <p>{@code slack} keeps entries that only just lose their election from being discarded: where the losing side's sum comes within this
 * fraction of the winning side's, the mean goes over both. That is a reading of the abstract of arXiv 2407.03994 (Tao et al., 2024),
 * which names a slack variable that mitigates the loss of important parameters, and gives no formula. 0 is TIES itself.
 */
public record Ties() implements MergeMethod {
    @Override
    public String name() {
        return "TIES";
    }

    @Override
    public String summary() {
        return "largest entries of all weights, then the mean of those with the elected sign";
    }

    @Override
    public List<Parameter> parameters() {
        return List.of(Parameter.DENSITY, Parameter.SLACK);
    }

    @Override
    public Policy policy(WeightRole role) {
        return Policy.SPARSE;
    }

    @Override
    public Combination combination() {
        return Combination.SIGN_ELECTION;
    }
}
