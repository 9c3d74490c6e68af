package dev.koine.engine.merge;

import dev.koine.engine.RejectedException;
import dev.koine.engine.linalg.Scratch;
import dev.koine.engine.onnx.BundleWriter;
import dev.koine.engine.onnx.TensorReader;
import dev.koine.engine.onnx.Weight;
import dev.koine.engine.taskvector.PrunedBlock;
import java.io.IOException;
import java.util.Arrays;
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

    private final Recipe recipe;
    private final List<Double> factors;
    private final Map<String, Grid> grids;
    private final TensorPruner pruner;
    private final BundleWriter writer;
    private final Scratch scratch = new Scratch();

    /**
     * @param factors factor of each expert's task vector
     * @param grids by the key of an item's first weight, where an item is a part of a tensor
     */
    TensorMerger(
            Recipe recipe, List<Double> factors, Map<String, Grid> grids, TensorPruner pruner, BundleWriter writer) {
        this.recipe = recipe;
        this.factors = factors;
        this.grids = grids;
        this.pruner = pruner;
        this.writer = writer;
    }

    /**
     * Merges an item and writes it to all its places.
     *
     * @throws RejectedException if base, expert or the sum is refused
     */
    void merge(MergeItem item) throws RejectedException, IOException {
        float[] values = scratch.floats(item.count());
        try (TensorReader reader = TensorReader.open(item.base())) {
            reader.read(item.from(), values, 0, item.count());
            sum(item, values);
            for (Weight weight : item.weights()) {
                writer.write(weight, item.from(), values, 0, item.count());
            }
        } finally {
            scratch.release(values);
        }
    }

    /** Makes the base's values the merged ones. */
    private void sum(MergeItem item, float[] values) throws RejectedException, IOException {
        Weight weight = item.weights().get(0);
        Grid grid = item.isWhole()
                ? Grid.of(Grids.largestMagnitude(weight, 0, values, item.count()))
                : Objects.requireNonNull(grids.get(weight.key()));
        int @Nullable [] totals = null;
        for (int e = 0; e < factors.size(); e++) {
            @Nullable PrunedBlock block = pruner.prune(item.prune(e), values);
            if (block != null) {
                if (totals == null) {
                    totals = scratch.ints(item.count());
                    Arrays.fill(totals, 0);
                }
                add(item, block, grid, factors.get(e), totals);
            }
        }
        if (totals != null) {
            apply(item, totals, grid, values);
            scratch.release(totals);
        }
    }

    private void add(MergeItem item, PrunedBlock block, Grid grid, double factor, int[] totals)
            throws RejectedException {
        float[] chunk = scratch.floats(CHUNK_ELEMENTS);
        for (int from = 0; from < item.count(); from += CHUNK_ELEMENTS) {
            int count = Math.min(CHUNK_ELEMENTS, item.count() - from);
            block.read(from, count, chunk, 0);
            int added = grid.add(totals, from, chunk, count, factor, 1);
            if (added < count) {
                long element = item.from() + from + added;
                throw OutOfRange.total(item.weights().get(0).key(), element, chunk[added], factor);
            }
        }
        scratch.release(chunk);
    }

    private void apply(MergeItem item, int[] totals, Grid grid, float[] values) throws RejectedException {
        Weight weight = item.weights().get(0);
        float largest = weight.tensor().type().largestValue();
        if (grid.reach(recipe.scale()) <= largest) {
            Grid.merge(values, totals, item.count(), grid, recipe.scale());
            return;
        }
        float[] before = Arrays.copyOf(values, item.count());
        Grid.merge(values, totals, item.count(), grid, recipe.scale());
        for (int i = 0; i < item.count(); i++) {
            if (Float.isFinite(before[i]) && !(Math.abs(values[i]) <= largest)) {
                throw OutOfRange.weight(weight, item.from() + i, values[i]);
            }
        }
    }
}
