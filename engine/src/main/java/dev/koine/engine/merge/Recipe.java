package dev.koine.engine.merge;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.merge.method.Combination;
import dev.koine.engine.merge.method.Lors;
import dev.koine.engine.merge.method.MergeMethod;
import dev.koine.engine.merge.method.Parameter;
import dev.koine.engine.onnx.Weight;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.Precision;
import java.util.List;

/**
 * How experts are pruned and put together: {@code merged = base + scale * combination of weight(e) * prune(expert(e) - base)}.
 *
 * @param method prunes and combines
 * @param rank rank of the low-rank part of a pruned matrix; 0 for none
 * @param density fraction of the entries that are kept, 0 to 1: of the residual under LORS, of the delta under SPARSE and RANDOM
 * @param scale factor of what the task vectors combine to
 * @param precision element type that task vectors are kept in
 * @param seed of what a method draws
 * @param slack for TIES, see {@link dev.koine.engine.merge.method.Ties}
 * @param rules the first rule that matches a weight decides its policy; without one, the method does
 */
public record Recipe(
        MergeMethod method,
        int rank,
        double density,
        Scale scale,
        Precision precision,
        long seed,
        double slack,
        List<PolicyRule> rules) {

    /** What is published for LoRS-Merging (arXiv 2502.17380v3), in float32: rank 7, 20 % of the residual, scale 0.2 for five experts. */
    public static final Recipe PUBLISHED = new Recipe(7, 0.2, 0.2, Precision.FLOAT32, List.of());

    /** What a model is registered with where nobody says: the published recipe at the scale that {@code eval/RESULTS.md} finds best. */
    public static final Recipe DEFAULT = PUBLISHED.with(defaultScale(PUBLISHED.method()));

    public Recipe {
        rules = List.copyOf(rules);
    }

    /** LoRS-Merging at a fixed scale. */
    public Recipe(int rank, double density, double scale, Precision precision, List<PolicyRule> rules) {
        this(new Lors(), rank, density, Scale.fixed(scale), precision, 0, 0, rules);
    }

    /** The scale that {@code eval/RESULTS.md} recommends for a method; a mean over experts needs no limit. */
    public static Scale defaultScale(MergeMethod method) {
        Scale norm = Scale.of(Scaling.NORM, 1);
        return method.combination() == Combination.SUM ? norm.atMost(0.4) : norm;
    }

    /** This with another method. */
    public Recipe with(MergeMethod other) {
        return new Recipe(other, rank, density, scale, precision, seed, slack, rules);
    }

    /** This with another scale. */
    public Recipe with(Scale other) {
        return new Recipe(method, rank, density, other, precision, seed, slack, rules);
    }

    /** This with another precision. */
    public Recipe with(Precision other) {
        return new Recipe(method, rank, density, scale, other, seed, slack, rules);
    }

    /** This with other rules. */
    public Recipe with(List<PolicyRule> others) {
        return new Recipe(method, rank, density, scale, precision, seed, slack, others);
    }

    /** This with another rank. */
    public Recipe withRank(int other) {
        return new Recipe(method, other, density, scale, precision, seed, slack, rules);
    }

    /** This with another density. */
    public Recipe withDensity(double other) {
        return new Recipe(method, rank, other, scale, precision, seed, slack, rules);
    }

    /** This with another seed. */
    public Recipe withSeed(long other) {
        return new Recipe(method, rank, density, scale, precision, other, slack, rules);
    }

    /** This with another slack. */
    public Recipe withSlack(double other) {
        return new Recipe(method, rank, density, scale, precision, seed, other, rules);
    }

    /**
     * Checks the ranges.
     *
     * @throws RejectedException {@link RejectionCode#INVALID_EVENT} if a setting makes no sense
     */
    public Recipe validated() throws RejectedException {
        Parameter.RANK.require(rank);
        Parameter.DENSITY.require(density);
        Parameter.SLACK.require(slack);
        boolean drawsAtRandom = method.parameters().contains(Parameter.DENSITY_OVER_ZERO)
                || rules.stream().anyMatch(rule -> rule.policy() == Policy.RANDOM);
        if (drawsAtRandom) {
            Parameter.DENSITY_OVER_ZERO.require(density);
        }
        scale.validated();
        boolean isMean = method.combination() == Combination.SIGN_ELECTION;
        boolean isSum = method.combination() == Combination.SUM;
        require(!isMean || scale.scaling() != Scaling.PER_EXPERT, "is a mean over the experts already");
        require(isSum || scale.scaling() != Scaling.MODEL_STOCK, "does not add task vectors up");
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
        return method.policy(weight.role());
    }
}
