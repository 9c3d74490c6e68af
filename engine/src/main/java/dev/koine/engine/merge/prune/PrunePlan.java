package dev.koine.engine.merge.prune;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.align.AlignedWeight;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.tensor.Counterpart;
import dev.koine.engine.tensor.Factors;
import dev.koine.engine.tensor.Run;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.Transposed;
import dev.koine.engine.tensor.Weight;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Cuts the pruning of one expert into tasks that can run anywhere in any order.
 *
 * <p>A pruned matrix is one item, since its decomposition needs all of it; a dense tensor is cut into runs, and one that is pruned band
 * by band into bands, so that memory does not depend on the largest embedding. A delta that comes as factors is one item, too: it is taken as it is.
 * Small items share a task, so that a bias does not cost a message and a file.
 */
public final class PrunePlan {
    /** Runs become blocks of a task vector: another size gives other digests of task vectors. */
    public static final int RUN_ELEMENTS = 1 << 22;

    /** Blocks begin at multiples of this: whoever adds task vectors up in slices of as many elements has no block in two. */
    public static final int SLICE_ELEMENTS = 1 << 17;

    /** How many elements a task has at least where nobody says. Tasks become pieces: another number gives other digests of task vectors. */
    public static final int TASK_ELEMENTS = 1 << 19;

    private PrunePlan() {}

    /**
     * The tasks for an aligned expert; the same alignment and recipe always give the same tasks.
     *
     * @throws RejectedException {@link RejectionCode#NOT_ONNX} if a matrix has more elements than can be decomposed at once
     */
    public static List<PruneTask> of(List<AlignedWeight> weights, Recipe recipe) throws RejectedException {
        return of(weights, recipe, TASK_ELEMENTS);
    }

    /**
     * As {@link #of(List, Recipe)}.
     *
     * @param taskElements how many elements a task has at least, but for the last
     */
    public static List<PruneTask> of(List<AlignedWeight> weights, Recipe recipe, long taskElements)
            throws RejectedException {
        List<PruneTask> tasks = new ArrayList<>();
        List<PruneItem> open = new ArrayList<>();
        long elements = 0;
        Map<Weight, List<Weight>> transposes = transposes(weights, recipe);
        for (AlignedWeight weight : weights) {
            for (PruneItem item : items(weight, transposes, recipe)) {
                open.add(item);
                elements += item.count();
                if (elements >= taskElements) {
                    tasks.add(new PruneTask(tasks.size(), open));
                    open.clear();
                    elements = 0;
                }
            }
        }
        if (!open.isEmpty()) {
            tasks.add(new PruneTask(tasks.size(), open));
        }
        return tasks;
    }

    /**
     * The weights whose block is that of their transpose, by the first weight of the latter. Only where each element of a block is rounded by
     * itself, so that both blocks would say the same: a decomposition, and a scale for a run of elements, come out otherwise for a transpose.
     */
    private static Map<Weight, List<Weight>> transposes(List<AlignedWeight> weights, Recipe recipe) {
        Map<Weight, List<Weight>> transposes = new HashMap<>();
        for (AlignedWeight weight : weights) {
            List<Weight> theirs = dense(weight.transposeOf(), recipe);
            List<Weight> ours = dense(weight.base(), recipe);
            if (recipe.precision().isFloat() && !theirs.isEmpty() && !ours.isEmpty()) {
                transposes.put(theirs.get(0), ours);
            }
        }
        return transposes;
    }

    private static List<Weight> dense(List<Weight> weights, Recipe recipe) {
        return weights.stream()
                .filter(weight -> recipe.policyOf(weight) == Policy.DENSE)
                .toList();
    }

    /** Weights that are tied or just equal are pruned once, but for those that a rule sets apart. */
    private static List<PruneItem> items(AlignedWeight aligned, Map<Weight, List<Weight>> transposes, Recipe recipe)
            throws RejectedException {
        if (aligned.expert() instanceof Counterpart.Same) {
            return List.of();
        }
        Map<Policy, List<Weight>> byPolicy = new LinkedHashMap<>();
        for (Weight weight : aligned.base()) {
            byPolicy.computeIfAbsent(recipe.policyOf(weight), policy -> new ArrayList<>())
                    .add(weight);
        }
        byPolicy.remove(Policy.FROZEN);
        List<PruneItem> items = new ArrayList<>();
        for (Map.Entry<Policy, List<Weight>> entry : byPolicy.entrySet()) {
            List<Weight> weights = entry.getValue();
            List<String> keys = new ArrayList<>();
            weights.forEach(weight -> keys.add(weight.key()));
            if (entry.getKey() == Policy.DENSE) {
                if (transposes.containsValue(weights)) {
                    continue;
                }
                transposes
                        .getOrDefault(weights.get(0), List.of())
                        .forEach(weight -> keys.add(Transposed.mark(weight.key())));
            }
            items.addAll(items(weights.get(0), keys, entry.getKey(), aligned.expert()));
        }
        return items;
    }

    private static List<PruneItem> items(Weight first, List<String> keys, Policy policy, Counterpart expert)
            throws RejectedException {
        TensorInfo tensor = first.tensor();
        long numel = tensor.numel();
        List<PruneItem> items = new ArrayList<>();
        boolean isCut = policy == Policy.DENSE || policy == Policy.LOW_RANK_BANDS;
        if (isCut && !(expert instanceof Factors)) {
            for (Run run : Run.cut(numel, policy == Policy.DENSE ? RUN_ELEMENTS : bandElements(first))) {
                items.add(new PruneItem(keys, policy, tensor, expert, run.from(), run.count()));
            }
        } else if (numel > 0) {
            requirePrunable(first, policy);
            items.add(new PruneItem(keys, policy, tensor, expert, 0, (int) numel));
        }
        return items;
    }

    /**
     * How many elements a band of a weight has, but for its last: whole rows, and a multiple of what sums are cut at. Rows of an odd
     * length make these large.
     *
     * @throws RejectedException {@link RejectionCode#NOT_ONNX} if that has more elements than can be decomposed at once
     */
    public static int bandElements(Weight weight) throws RejectedException {
        TensorInfo tensor = weight.tensor();
        long numel = tensor.numel();
        long columns = tensor.shape().size() < 2
                ? 1
                : numel / Math.max(1, tensor.shape().get(0));
        long least = columns / gcd(columns, SLICE_ELEMENTS) * SLICE_ELEMENTS;
        long band = Math.max(1, RUN_ELEMENTS / least) * least;
        boolean isOne = numel <= RUN_ELEMENTS || band >= numel || band > Integer.MAX_VALUE;
        if (isOne) {
            requirePrunable(weight, Policy.LOW_RANK_BANDS);
        }
        return (int) (isOne ? Math.max(1, numel) : band);
    }

    private static long gcd(long a, long b) {
        return b == 0 ? a : gcd(b, a % b);
    }

    public static void requirePrunable(Weight weight, Policy policy) throws RejectedException {
        long numel = weight.tensor().numel();
        if (policy != Policy.DENSE && numel > Integer.MAX_VALUE - 8) {
            throw new RejectedException(
                    RejectionCode.NOT_ONNX,
                    "Tensor " + weight.tensor().name() + " at " + weight.position() + " has " + numel
                            + " elements, more than can be pruned as one matrix; give it the policy DENSE or FROZEN in the recipe.");
        }
    }
}
