package dev.koine.engine.merge;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.WorkPool;
import dev.koine.engine.linalg.Grid;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.total.Deltas;
import dev.koine.engine.merge.total.MatrixDeltas;
import dev.koine.engine.merge.total.ReadableSums;
import dev.koine.engine.merge.total.Written;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.tensor.TensorReader;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * A base model, the members inside, and their sums, which somebody else has added up: workers that share a store and nothing else. What is
 * written is what a {@link RunningModel} with these members writes.
 */
public final class SummedModel implements AutoCloseable {
    private final Recipe recipe;
    private final List<Member> members;
    private final List<Weight> weights;
    private final List<TensorReader> readers;
    private final Deltas deltas;
    private final ScaleRule rule;
    private final VersionWriter writer;

    private SummedModel(
            ModelBundle base,
            Recipe recipe,
            ArtifactStore store,
            WorkPool pool,
            List<Grid> grids,
            Deltas deltas,
            List<Member> members,
            List<TensorReader> readers) {
        this.recipe = recipe;
        this.members = List.copyOf(members);
        this.weights = base.weights();
        this.readers = readers;
        this.deltas = deltas;
        this.rule = new ScaleRule(weights, grids, new TaskVectorReader(weights, store), pool);
        this.writer = new VersionWriter(base, readers, grids, deltas, pool);
    }

    /**
     * Opens the model.
     *
     * @param store where the members' task vectors are
     * @param grids of the base's weights, in their order
     * @param sums of exactly these members, likewise
     * @throws RejectedException {@link dev.koine.engine.RejectionCode#INVALID_EVENT} if the recipe weighs by statistics: those are sums of
     *     their own, which a {@link RunningModel} keeps
     */
    public static SummedModel open(
            ModelBundle base,
            Recipe recipe,
            ArtifactStore store,
            WorkPool pool,
            List<Grid> grids,
            ReadableSums sums,
            List<Member> members)
            throws RejectedException, IOException {
        if (recipe.method().isWeighed()) {
            throw new RejectedException(
                    RejectionCode.INVALID_EVENT,
                    "The method " + recipe.method().name()
                            + " weighs by statistics, which this way of merging does not take. Merge with the job or koine merge.");
        }
        Deltas deltas = new Deltas(base.weights(), grids, sums, MatrixDeltas.NONE, recipe);
        return new SummedModel(base, recipe, store, pool, grids, deltas, members, TensorReader.openAll(base.weights()));
    }

    /** As {@link RunningModel#scales}. */
    public Scales scales() throws RejectedException, IOException {
        return rule.scales(recipe.scale(), members, deltas);
    }

    /**
     * Writes the version as a bundle: the base's files byte for byte, but for the weights that experts changed.
     *
     * @param target an empty directory
     * @param changed keys of these weights
     * @return what became of the update
     * @throws RejectedException {@link dev.koine.engine.RejectionCode#TOTAL_OVERFLOW} if a merged weight leaves its element type
     */
    public Written write(Path target, Set<String> changed, Scales scales) throws RejectedException, IOException {
        List<Integer> indexes = IntStream.range(0, weights.size())
                .filter(index -> changed.contains(weights.get(index).key()))
                .boxed()
                .toList();
        return writer.write(indexes, scales, target, Progress.NONE);
    }

    @Override
    public void close() {
        readers.forEach(TensorReader::close);
    }
}
