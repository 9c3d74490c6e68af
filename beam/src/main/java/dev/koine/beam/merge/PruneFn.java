package dev.koine.beam.merge;

import dev.koine.engine.RejectedException;
import dev.koine.engine.linalg.Grid;
import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.merge.prune.TensorPruner;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.store.LocalStore;
import dev.koine.engine.taskvector.TaskVectorFile.Block;
import dev.koine.engine.tensor.Run;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollectionView;
import org.apache.beam.sdk.values.TupleTag;

/**
 * Prunes one task of one expert: keeps the piece of its task vector, and gives what it adds to the totals, slice by slice. A slice begins at
 * a multiple of its length, and blocks do too, so that each slice of an expert comes whole or not at all.
 */
final class PruneFn extends DoFn<PlannedTask, KV<KV<String, Long>, SliceTotals>> {
    /** What is added, by weight and first element. */
    static final TupleTag<KV<KV<String, Long>, SliceTotals>> ADDENDS = new TupleTag<>() {};

    /** The pieces, by expert. */
    static final TupleTag<KV<String, Piece>> PIECES = new TupleTag<>() {};

    private static final long serialVersionUID = 1L;
    private final MergeSettings settings;
    private final PCollectionView<Map<String, Grid>> grids;
    private transient Recipe recipe;
    private transient TensorPruner pruner;
    private transient LocalStore scratch;

    PruneFn(MergeSettings settings, PCollectionView<Map<String, Grid>> grids) {
        this.settings = settings;
        this.grids = grids;
    }

    @Setup
    public void open() throws RejectedException, IOException {
        recipe = settings.openRecipe();
        pruner = new TensorPruner(recipe, Lanczos::truncate);
        scratch = settings.openScratch();
    }

    @ProcessElement
    public void prune(ProcessContext context) throws RejectedException, IOException {
        PlannedTask planned = context.element();
        Map<String, Grid> gridOf = context.sideInput(grids);
        List<Block> blocks = planned.input().read(() -> {
            List<Block> pruned = pruner.prune(planned.task());
            for (Block block : pruned) {
                for (String key : block.weights()) {
                    add(key, block, Objects.requireNonNull(gridOf.get(key), key), planned.weight(), context);
                }
            }
            return pruned;
        });
        String digest = TensorPruner.keep(blocks, scratch);
        context.output(
                PIECES,
                KV.of(planned.expert(), new Piece(planned.task().index(), planned.tasks(), planned.weight(), digest)));
    }

    private void add(String key, Block block, Grid grid, double factor, ProcessContext context)
            throws RejectedException {
        if (block.from() % settings.sliceElements() != 0) {
            throw new IllegalStateException("a block from element " + block.from() + " of " + key);
        }
        for (Run run : Run.cut(block.values().numel(), settings.sliceElements())) {
            long from = block.from() + run.from();
            SliceTotals added =
                    SliceTotals.of(recipe.method().accumulate(), grid, block.values(), run, factor, key, from);
            context.output(KV.of(KV.of(key, from), added));
        }
    }
}
