package dev.koine.engine.merge;

import dev.koine.engine.Input;
import dev.koine.engine.RejectedException;
import dev.koine.engine.linalg.Kernels;
import dev.koine.engine.linalg.Scratch;
import dev.koine.engine.onnx.BundleWriter;
import dev.koine.engine.onnx.Weight;
import dev.koine.engine.onnx.WeightRole;
import dev.koine.engine.taskvector.PrunedBlock;
import dev.koine.engine.tensor.TensorReader;
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
    private static final int CHUNK_ELEMENTS = 1 << 14;

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
                last = new Addend(block, expert.weight(), expert.input());
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
        float[] chunk = scratch.floats(CHUNK_ELEMENTS);
        for (int from = 0; from < item.count(); from += CHUNK_ELEMENTS) {
            int count = Math.min(CHUNK_ELEMENTS, item.count() - from);
            addend.block().read(from, count, chunk, 0);
            requireAdded(item, from, chunk, count, addend, totals, from);
        }
        scratch.release(chunk);
    }

    private static void requireAdded(
            MergeItem item, int from, float[] chunk, int count, Addend addend, ItemTotals totals, int at)
            throws RejectedException {
        int added = totals.add(at, chunk, count, addend.factor());
        if (added < count) {
            String key = item.weights().get(0).key();
            throw OutOfRange.total(key, item.from() + from + added, chunk[added], addend.factor(), totals.grid())
                    .about(addend.input());
        }
    }

    private Written apply(MergeItem item, @Nullable ItemTotals totals, Addend last, Grid grid, float[] values)
            throws RejectedException {
        Weight weight = item.weights().get(0);
        Written written = Written.NOTHING;
        float[] chunk = scratch.floats(CHUNK_ELEMENTS);
        float[] before = scratch.floats(CHUNK_ELEMENTS);
        for (int from = 0; from < item.count(); from += CHUNK_ELEMENTS) {
            int count = Math.min(CHUNK_ELEMENTS, item.count() - from);
            System.arraycopy(values, from, before, 0, count);
            last.block().read(from, count, chunk, 0);
            if (totals != null) {
                requireAdded(item, from, chunk, count, last, totals, from);
                totals.merge(values, from, count, scale);
            } else if (!kernels.addOnGrid(
                    values, from, chunk, count, last.factor(), grid.step(), grid.largestAddend(), scale)) {
                requireAdded(item, from, chunk, count, last, ItemTotals.zeros(grid, count, scratch), 0);
                throw new IllegalStateException("a chunk was refused, and no element of it is at fault");
            }
            requireInRange(item, from, before, values, count, grid);
            boolean isVariance = weight.role() == WeightRole.VARIANCE;
            long raised = isVariance ? VarianceFloor.raise(before, values, from, count) : 0;
            written = written.plus(Written.of(weight.tensor().type(), before, values, from, count, raised));
        }
        scratch.release(chunk);
        scratch.release(before);
        return written;
    }

    private void requireInRange(MergeItem item, int from, float[] before, float[] values, int count, Grid grid)
            throws RejectedException {
        float largest = item.base().type().largestValue();
        if (grid.reach(scale) <= largest) {
            return;
        }
        for (int i = 0; i < count; i++) {
            if (Float.isFinite(before[i]) && !(Math.abs(values[from + i]) <= largest)) {
                throw OutOfRange.weight(item.weights().get(0), item.from() + from + i, values[from + i]);
            }
        }
    }
}
