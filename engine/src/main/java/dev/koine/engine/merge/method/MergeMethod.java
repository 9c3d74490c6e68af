package dev.koine.engine.merge.method;

import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.tensor.WeightRole;
import java.util.Arrays;
import java.util.List;

/**
 * A way to merge experts, in three steps.
 *
 * <pre>
 *   compress     of one expert's delta, tensor by tensor: decompositions and selections go here, anywhere and in parallel
 *   accumulate   of compressed deltas: sums of integers for each element, so that order plays no part and a retraction is exact
 *   finish       of these sums: the merged delta, made again for every version; in Head, in plain Java
 * </pre>
 *
 * <p>A new method is one class and its tests, and a line in {@link MergeMethods}. What it asks of the recipe are its {@link #parameters}.
 */
public interface MergeMethod {
    /** In events and on the command line. */
    String name();

    /** What it does, in one line for people. */
    String summary();

    /** What it takes from the recipe beside scale, precision and rules, which all methods take. */
    List<Parameter> parameters();

    /** How the delta of a weight is compressed that no rule of the recipe speaks of. */
    Policy compress(WeightRole role);

    /** What is kept of the compressed deltas. */
    default Accumulation accumulate() {
        return Accumulation.SUM;
    }

    /** What the sums of a weight come to. */
    default Finish finish(WeightRole role, Parameters parameters) {
        return Elementwise.SUM;
    }

    /** Whether the merged delta is a mean over experts already, so that a scale that divides by their number makes no sense. */
    default boolean isMean() {
        return false;
    }

    /** Whether matrices are weighed by statistics of their layers' inputs, which each expert then has to bring. */
    default boolean isWeighed() {
        return false;
    }

    /** Whether the merged delta is the sum of the task vectors, of every weight. */
    default boolean isSum() {
        return !isWeighed()
                && accumulate() == Accumulation.SUM
                && Arrays.stream(WeightRole.values())
                        .allMatch(role -> finish(role, Parameters.NONE) == Elementwise.SUM);
    }
}
