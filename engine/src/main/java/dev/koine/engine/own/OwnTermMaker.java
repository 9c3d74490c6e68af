package dev.koine.engine.own;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.WorkPool;
import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.merge.prune.PruneItem;
import dev.koine.engine.merge.prune.PrunePlan;
import dev.koine.engine.merge.prune.PruneTask;
import dev.koine.engine.merge.prune.TensorPruner;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.onnx.align.AlignedWeight;
import dev.koine.engine.onnx.align.Alignment;
import dev.koine.engine.onnx.rewrite.SideBranches;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.Precision;
import dev.koine.engine.taskvector.TaskVectorFile.Block;
import dev.koine.engine.tensor.Counterpart;
import dev.koine.engine.tensor.Weight;
import dev.koine.engine.tensor.WeightRole;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Makes an expert's own term: of each matrix of attention and MLP the best factor pair of a rank (an adapter's as they are, whatever their rank), with the
 * square root of each singular value in both; of vectors all they change. Everything else stays the base's: embeddings, convolutions, positions.
 *
 * <p>Factors are kept in the precision that is asked for. Vectors are few, and are kept in float16 where that is one of integers. Decompositions are by
 * {@link Lanczos}, on the processor, which has one result on every machine.
 */
public final class OwnTermMaker {
    private final int rank;
    private final Precision precision;
    private final WorkPool pool;
    private final Progress progress;

    /**
     * @param rank of each factor pair, at most
     * @param precision of the factors
     */
    public OwnTermMaker(int rank, Precision precision, WorkPool pool, Progress progress) {
        if (rank < 1 || rank > OwnTerm.MOST_RANK) {
            throw new IllegalArgumentException("rank " + rank + " of an own term");
        }
        this.rank = rank;
        this.precision = precision;
        this.pool = pool;
        this.progress = progress;
    }

    /**
     * The blocks of the own term.
     *
     * @param expert laid over its base
     * @throws RejectedException UNCHANGED if they are none; NON_FINITE if the expert's weights are not finite, or leave the range of the precision;
     *     NOT_ONNX if a matrix has more elements than can be decomposed at once
     */
    public List<Block> make(Alignment expert) throws RejectedException, IOException {
        Recipe recipe = Recipe.DEFAULT.with(parameters -> parameters.withRank(rank));
        TensorPruner factors = new TensorPruner(recipe.with(precision), Lanczos::truncate);
        Precision whole = precision.isFloat() ? precision : Precision.FLOAT16;
        TensorPruner vectors = new TensorPruner(recipe.with(whole), Lanczos::truncate);
        List<WorkPool.Part<List<Block>>> parts = new ArrayList<>();
        List<PruneItem> items = items(expert);
        AtomicInteger done = new AtomicInteger();
        for (PruneItem item : items) {
            TensorPruner pruner = item.policy() == Policy.DENSE ? vectors : factors;
            parts.add(() -> {
                List<Block> blocks = pruner.prune(new PruneTask(0, List.of(item)));
                progress.report("own term", done.incrementAndGet(), items.size());
                return blocks;
            });
        }
        List<Block> blocks = pool.runAll(parts).stream().flatMap(List::stream).toList();
        if (blocks.isEmpty()) {
            throw new RejectedException(
                    RejectionCode.UNCHANGED,
                    "The expert changes no matrix of attention or MLP and no vector, and an own term holds nothing else. Check that"
                            + " what was fine-tuned got into the export, or merge the expert.");
        }
        return blocks;
    }

    private static List<PruneItem> items(Alignment expert) throws RejectedException {
        List<PruneItem> items = new ArrayList<>();
        for (AlignedWeight aligned : expert.weights()) {
            List<Weight> ours =
                    aligned.base().stream().filter(SideBranches::isFor).toList();
            if (ours.isEmpty() || aligned.expert() instanceof Counterpart.Same) {
                continue;
            }
            Weight first = ours.get(0);
            Policy policy = first.role() == WeightRole.LINEAR ? Policy.LOW_RANK : Policy.DENSE;
            PrunePlan.requirePrunable(first, policy);
            List<String> keys = ours.stream().map(Weight::key).toList();
            int numel = Math.toIntExact(first.tensor().numel());
            items.add(new PruneItem(keys, policy, first.tensor(), aligned.expert(), 0, numel));
        }
        return items;
    }
}
