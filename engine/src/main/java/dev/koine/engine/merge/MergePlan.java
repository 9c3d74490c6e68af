package dev.koine.engine.merge;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.merge.prune.PrunePlan;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.align.AlignedWeight;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.tensor.Counterpart;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.Run;
import dev.koine.engine.tensor.Weight;
import dev.koine.engine.tensor.WeightRole;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Cuts the merge of some experts into items that share nothing, and that can be done in any order. */
final class MergePlan {
    /** A run of a dense tensor, small enough for the second cache. */
    private static final int DENSE_RUN_ELEMENTS = 1 << 17;

    private MergePlan() {}

    /**
     * The items, in the order of the base's weights; frozen weights have none.
     *
     * @throws RejectedException {@link RejectionCode#NOT_ONNX} if a matrix has more elements than can be decomposed at once
     */
    static List<MergeItem> of(ModelBundle base, List<Alignment> experts, Recipe recipe) throws RejectedException {
        List<Map<String, Counterpart>> counterparts = new ArrayList<>();
        for (Alignment expert : experts) {
            Map<String, Counterpart> byKey = new HashMap<>();
            for (AlignedWeight aligned : expert.weights()) {
                aligned.base().forEach(weight -> byKey.put(weight.key(), aligned.expert()));
            }
            counterparts.add(byKey);
        }
        Map<Place, List<Weight>> places = new LinkedHashMap<>();
        for (Weight weight : base.weights()) {
            Policy policy = recipe.policyOf(weight);
            if (policy != Policy.FROZEN && !experts.isEmpty()) {
                List<Counterpart> theirs = counterparts.stream()
                        .map(byKey -> byKey.get(weight.key()))
                        .toList();
                if (theirs.stream().allMatch(Counterpart.Same.class::isInstance)) {
                    continue;
                }
                boolean isVariance = weight.role() == WeightRole.VARIANCE;
                places.computeIfAbsent(
                                new Place(policy, isVariance, weight.tensor().type(), theirs), key -> new ArrayList<>())
                        .add(weight);
            }
        }
        List<MergeItem> items = new ArrayList<>();
        for (Map.Entry<Place, List<Weight>> place : places.entrySet()) {
            addRuns(place.getKey(), place.getValue(), items);
        }
        return items;
    }

    private static void addRuns(Place place, List<Weight> weights, List<MergeItem> items) throws RejectedException {
        Weight first = weights.get(0);
        long numel = first.tensor().numel();
        for (Run run : Run.cut(numel, longest(first, place.policy()))) {
            items.add(new MergeItem(weights, place.policy(), place.experts(), run.from(), run.count()));
        }
    }

    private static int longest(Weight weight, Policy policy) throws RejectedException {
        if (policy == Policy.DENSE) {
            return DENSE_RUN_ELEMENTS;
        }
        if (policy == Policy.LOW_RANK_BANDS) {
            return PrunePlan.bandElements(weight);
        }
        PrunePlan.requirePrunable(weight, policy);
        return (int) weight.tensor().numel();
    }

    /** Weights of one type with the same counterparts hold the same bytes. Variances are written by a rule of their own. */
    private record Place(Policy policy, boolean isVariance, ElementType type, List<Counterpart> experts) {}
}
