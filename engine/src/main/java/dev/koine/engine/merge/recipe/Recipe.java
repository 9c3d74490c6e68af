package dev.koine.engine.merge.recipe;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.merge.method.Compact;
import dev.koine.engine.merge.method.Finish;
import dev.koine.engine.merge.method.Lors;
import dev.koine.engine.merge.method.MergeMethod;
import dev.koine.engine.merge.method.Parameter;
import dev.koine.engine.merge.method.Parameters;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.Precision;
import dev.koine.engine.tensor.Weight;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * How experts are pruned and put together: {@code merged = base + scale * combination of weight(e) * prune(expert(e) - base)}.
 *
 * @param method prunes and combines
 * @param parameters what the method takes
 * @param scale factor of what the task vectors combine to
 * @param precision element type that task vectors are kept in
 * @param rules the first rule that matches a weight decides its policy; without one, the method does
 */
public record Recipe(
        MergeMethod method, Parameters parameters, Scale scale, Precision precision, List<PolicyRule> rules) {

    /** What is published for LoRS-Merging (arXiv 2502.17380v3), in float32: rank 7, 20 % of the residual, scale 0.2 for five experts. */
    public static final Recipe PUBLISHED = new Recipe(7, 0.2, 0.2, Precision.FLOAT32, List.of());

    /**
     * What a model is registered with where nobody says: rank 32 of every matrix in 8 bits, which {@code eval/REAL.md} finds as good as all
     * of a task vector in a tenth of its bytes, at the scale of the same page.
     */
    public static final Recipe DEFAULT = new Recipe(
            new Compact(),
            new Parameters(32, PUBLISHED.parameters().density(), 0, 0),
            defaultScale(new Compact()),
            Precision.INT8,
            List.of());

    public Recipe {
        rules = List.copyOf(rules);
    }

    /** LoRS-Merging at a fixed scale. */
    public Recipe(int rank, double density, double scale, Precision precision, List<PolicyRule> rules) {
        this(new Lors(), new Parameters(rank, density, 0, 0), Scale.fixed(scale), precision, rules);
    }

    /**
     * What a method is taken with where nobody says more: {@link #DEFAULT} for its own, and for one that weighs the same task vectors; {@link #PUBLISHED} at the best
     * scale for others.
     */
    public static Recipe standard(MergeMethod method) {
        Recipe near = method.equals(DEFAULT.method()) || method.isWeighed() ? DEFAULT : PUBLISHED;
        return near.with(method).with(defaultScale(method));
    }

    /**
     * The scale that {@code eval/REAL.md} recommends for a method: of a sum the published 0.2, and less where experts pull the same way; where statistics
     * weigh the matrices, the few weights beside them go further; a mean over experts needs no limit.
     */
    public static Scale defaultScale(MergeMethod method) {
        Scale norm = Scale.of(Scaling.NORM, 1);
        if (method.isMean()) {
            return norm;
        }
        return norm.atMost(method.isWeighed() ? 0.4 : 0.2);
    }

    /** This with another method. */
    public Recipe with(MergeMethod other) {
        return new Recipe(other, parameters, scale, precision, rules);
    }

    /** This with another scale. */
    public Recipe with(Scale other) {
        return new Recipe(method, parameters, other, precision, rules);
    }

    /** This with another precision. */
    public Recipe with(Precision other) {
        return new Recipe(method, parameters, scale, other, rules);
    }

    /** This with other rules. */
    public Recipe with(List<PolicyRule> others) {
        return new Recipe(method, parameters, scale, precision, others);
    }

    /** This with other parameters. */
    public Recipe with(Parameters others) {
        return new Recipe(method, others, scale, precision, rules);
    }

    /** This with parameters that are made of its own. */
    public Recipe with(UnaryOperator<Parameters> change) {
        return with(change.apply(parameters));
    }

    /**
     * Checks the ranges.
     *
     * @throws RejectedException {@link RejectionCode#INVALID_EVENT} if a setting makes no sense
     */
    public Recipe validated() throws RejectedException {
        boolean drawsAtRandom = method.parameters().contains(Parameter.DENSITY_OVER_ZERO)
                || rules.stream().anyMatch(rule -> rule.policy() == Policy.RANDOM);
        parameters.require(drawsAtRandom);
        scale.validated();
        require(!method.isMean() || scale.scaling() != Scaling.PER_EXPERT, "is a mean over the experts already");
        require(method.isSum() || scale.scaling() != Scaling.MODEL_STOCK, "does not add task vectors up");
        return this;
    }

    private void require(boolean holds, String why) throws RejectedException {
        if (!holds) {
            throw new RejectedException(
                    RejectionCode.INVALID_EVENT,
                    "The recipe's scale is " + scale + ", and " + method.name() + " " + why
                            + "; give a number, norm or search.");
        }
    }

    /** How the delta of this weight is compressed. */
    public Policy policyOf(Weight weight) {
        for (PolicyRule rule : rules) {
            if (rule.matches(weight)) {
                return rule.policy();
            }
        }
        return method.compress(weight.role());
    }

    /** What the sums of this weight come to. */
    public Finish finishOf(Weight weight) {
        return method.finish(weight.role(), parameters);
    }
}
