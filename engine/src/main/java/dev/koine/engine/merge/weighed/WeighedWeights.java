package dev.koine.engine.merge.weighed;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.statistics.Layer;
import dev.koine.engine.statistics.LayerInput;
import dev.koine.engine.statistics.LayerInputs;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a base that are weighed by their layers' inputs: those that multiply an input whose Gram can be had, and that the recipe does not freeze.
 *
 * @param inputs those with a weight here
 * @param byIndex what is known of each, by its index among the base's weights; others have none
 */
record WeighedWeights(List<LayerInput> inputs, Map<Integer, WeighedWeight> byIndex) {
    private static final int LARGEST_ARRAY = Integer.MAX_VALUE - 8;

    /**
     * One of them.
     *
     * @param array among these, from 0
     * @param input index among the inputs
     * @param other its dimension that is not the input's
     * @param isOutputFirst whether it is {@code [other, size]}, not {@code [size, other]}
     */
    record WeighedWeight(Weight weight, int array, int input, int other, boolean isOutputFirst) {
        int numel() {
            return (int) weight.tensor().numel();
        }
    }

    /**
     * Those of a base.
     *
     * @throws RejectedException {@link RejectionCode#NOT_ONNX} if one has more elements than an array
     */
    static WeighedWeights of(ModelBundle base, Recipe recipe) throws RejectedException, IOException {
        Map<Weight, Integer> indexes = new HashMap<>();
        for (Weight weight : base.weights()) {
            indexes.put(weight, indexes.size());
        }
        List<LayerInput> inputs = new ArrayList<>();
        Map<Integer, WeighedWeight> byIndex = new HashMap<>();
        for (LayerInput input : LayerInputs.of(base)) {
            boolean isUsed = false;
            for (Layer layer : input.layers()) {
                Weight weight = layer.weight();
                if (recipe.policyOf(weight) != Policy.FROZEN && weight.tensor().numel() > 0) {
                    requireArray(weight);
                    int other = (int) (weight.tensor().numel() / input.size());
                    byIndex.put(
                            indexes.get(weight),
                            new WeighedWeight(weight, byIndex.size(), inputs.size(), other, layer.isOutputFirst()));
                    isUsed = true;
                }
            }
            if (isUsed) {
                inputs.add(input);
            }
        }
        return new WeighedWeights(List.copyOf(inputs), Map.copyOf(byIndex));
    }

    private static void requireArray(Weight weight) throws RejectedException {
        if (weight.tensor().numel() > LARGEST_ARRAY) {
            throw new RejectedException(
                    RejectionCode.NOT_ONNX,
                    "Tensor " + weight.tensor().name() + " at " + weight.position() + " has "
                            + weight.tensor().numel()
                            + " elements, more than can be weighed as one matrix; give it the policy FROZEN in the recipe.");
        }
    }

    @Nullable
    WeighedWeight find(int index) {
        return byIndex.get(index);
    }
}
