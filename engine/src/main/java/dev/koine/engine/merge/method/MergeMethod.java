package dev.koine.engine.merge.method;

import dev.koine.engine.onnx.WeightRole;
import dev.koine.engine.taskvector.Policy;
import java.util.List;

/** A way to merge experts: how a weight's delta is compressed, and how the compressed task vectors are put together. */
public interface MergeMethod {

    /** In events and on the command line. */
    String name();

    /** What it does, in one line for people. */
    String summary();

    /** What it takes from the recipe beside scale, precision and rules, which all methods take. */
    List<Parameter> parameters();

    /** How the delta of a weight is compressed that no rule of the recipe speaks of. */
    Policy policy(WeightRole role);

    /** How the task vectors are put together. */
    default Combination combination() {
        return Combination.SUM;
    }
}
