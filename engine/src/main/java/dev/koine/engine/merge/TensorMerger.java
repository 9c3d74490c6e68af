package dev.koine.engine.merge;

import dev.koine.engine.Input;
import dev.koine.engine.RejectedException;
import dev.koine.engine.linalg.Grid;
import dev.koine.engine.linalg.Kernels;
import dev.koine.engine.linalg.Scratch;
import dev.koine.engine.merge.prune.PruneItem;
import dev.koine.engine.merge.prune.TensorPruner;
import dev.koine.engine.merge.total.Grids;
import dev.koine.engine.merge.total.ItemTotals;
import dev.koine.engine.merge.total.OutOfRange;
import dev.koine.engine.merge.total.WeightLaw;
import dev.koine.engine.merge.total.Written;
import dev.koine.engine.onnx.BundleWriter;
import dev.koine.engine.taskvector.PrunedBlock;
import dev.koine.engine.tensor.Run;
import dev.koine.engine.tensor.TensorReader;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Merges one tensor after the other, from the files of base and experts to the file of the result: reads the base once, prunes each
 * expert, adds it to totals that live as long as the item, and writes. The bytes are {@link RunningModel}'s. Safe for several threads.
 */
final class TensorMerger {
    private final double scale;
    private final List<OfflineMerge.Expert> experts;
    private final Map<String, Grid> grids;
    private final TensorPruner pruner;
    private final BundleWriter writer;
    private final Kernels kernels = Kernels.fastest();
    private final Scratch scratch = new Scratch();

    /**
     * @param scale factor of the sum
     * @param experts with the factor of each one's task vector
     * @param grids by the key of an item's first weight, where an item is a part of a tensor
     */
    TensorMerger(
            double scale,
            List<OfflineMerge.Expert> experts,
            Map<String, Grid> grids,
            TensorPruner pruner,
            BundleWriter writer) {
        this.scale = scale;
        this.experts = experts;
        this.grids = grids;
        this.pruner = pruner;
        this.writer = writer;
    }

    /**
     * Merges an item and writes it to all its places.
     *
     * @return what became of the update, at all places together
     * @throws RejectedException if base, expert or the sum is refused
     */
    Written merge(MergeItem item) throws RejectedException, IOException {
        float[] values = scratch.floats(item.count());
        try (TensorReader reader = TensorReader.open(item.base())) {
            reader.read(item.from(), values, 0, item.count());
            Written once = sum(item, values);
            Written all = Written.NOTHING;
            for (Weight weight : item.weights()) {
                writer.write(weight, item.from(), values, 0, item.count());
                all = all.plus(once);
            }
            return all;
        } finally {
            scratch.release(values);
        }
    }

    /**
     * Makes the base's values the merged ones. The last addend goes straight to the merged values, a chunk at a time: for one expert
     * no totals are kept at all.
     */
    private Written sum(MergeItem item, float[] values) throws RejectedException, IOException {
        Weight weight = item.weights().get(0);
        Grid grid = item.isWhole()
                ? Grid.of(Grids.largestMagnitude(weight, 0, values, item.count()), item.count())
                : Objects.requireNonNull(grids.get(weight.key()));
        @Nullable ItemTotals totals = null;
        @Nullable Addend last = null;
        for (int e = 0; e < experts.size(); e++) {
            OfflineMerge.Expert expert = experts.get(e);
            PruneItem pruned = item.prune(e);
            @Nullable PrunedBlock block = prune(expert, pruned, values);
            if (block != null) {
                if (last != null) {
                    totals = totals == null ? ItemTotals.zeros(grid, item.count(), scratch) : totals;
                    add(item, last, totals);
                }
                last = new Addend(block, expert.factor(), expert.input());
            }
        }
        Written written = last == null ? Written.NOTHING : apply(item, totals, last, grid, values);
        if (totals != null) {
            totals.release(scratch);
        }
        return written;
    }

    private @Nullable PrunedBlock prune(OfflineMerge.Expert expert, PruneItem item, float[] base)
            throws RejectedException, IOException {
        try {
            return pruner.prune(item, base);
        } catch (RejectedException e) {
            throw e.about(expert.input());
        }
    }

    private record Addend(PrunedBlock block, double factor, Input input) {}

    private void add(MergeItem item, Addend addend, ItemTotals totals) throws RejectedException {
        float[] values = scratch.floats(Run.CHUNK);
        for (Run chunk : Run.chunks(item.count())) {
            addend.block().read(chunk.at(), chunk.count(), values, 0);
            requireAdded(item, chunk, values, addend, totals, chunk.at());
        }
        scratch.release(values);
    }

    private static void requireAdded(
            MergeItem item, Run chunk, float[] values, Addend addend, ItemTotals totals, int at)
            throws RejectedException {
        int added = totals.add(at, values, chunk.count(), addend.factor());
        if (added < chunk.count()) {
            String key = item.weights().get(0).key();
            long element = item.from() + chunk.from() + added;
            throw OutOfRange.total(key, element, values[added], addend.factor(), totals.grid())
                    .about(addend.input());
        }
    }

    private Written apply(MergeItem item, @Nullable ItemTotals totals, Addend last, Grid grid, float[] values)
            throws RejectedException {
        WeightLaw law = new WeightLaw(item.weights().get(0), grid, scale, true);
        Written written = Written.NOTHING;
        float[] addends = scratch.floats(Run.CHUNK);
        float[] before = scratch.floats(Run.CHUNK);
        for (Run chunk : Run.chunks(item.count())) {
            int at = chunk.at();
            int count = chunk.count();
            System.arraycopy(values, at, before, 0, count);
            last.block().read(at, count, addends, 0);
            if (totals != null) {
                requireAdded(item, chunk, addends, last, totals, at);
                totals.merge(values, at, count, scale);
            } else if (!kernels.addOnGrid(values, at, addends, count, last.factor(), grid, scale)) {
                requireAdded(item, chunk, addends, last, ItemTotals.zeros(grid, count, scratch), 0);
                throw new IllegalStateException("a chunk was refused, and no element of it is at fault");
            }
            written = written.plus(law.hold(item.from() + at, before, values, at, count));
        }
        scratch.release(addends);
        scratch.release(before);
        return written;
    }
}
