package dev.koine.engine.merge;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.linalg.Decomposition;
import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.onnx.TensorInfo;
import dev.koine.engine.onnx.TensorReader;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.PrunedBlock;
import dev.koine.engine.taskvector.Pruner;
import dev.koine.engine.taskvector.TaskVectorFile;
import dev.koine.engine.taskvector.TaskVectorFile.Block;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Prunes the tensors of a task: this is where an expert's weights become a task vector. Holds no state. */
public final class TensorPruner {
    private final Recipe recipe;
    private final Pruner pruner;

    /** Decomposes with {@link Lanczos}, on the processor. */
    public TensorPruner(Recipe recipe) {
        this(recipe, Lanczos::truncate);
    }

    public TensorPruner(Recipe recipe, Decomposition decomposition) {
        this.recipe = recipe;
        this.pruner = new Pruner(recipe.rank(), recipe.density(), recipe.precision(), decomposition);
    }

    /** Prunes a task and keeps the result in the store; returns the digest of that {@link TaskVectorFile piece}. */
    public String prune(PruneTask task, ArtifactStore store) throws RejectedException, IOException {
        List<Block> blocks = prune(task);
        return store.put(file -> TaskVectorFile.write(file, blocks, Map.of()));
    }

    /**
     * Reads base and expert, subtracts in float32, and compresses the delta of every item. Where both have the same bits the delta
     * is zero, also between the infinities of an attention mask. Items whose delta is zero throughout are left out: they add
     * nothing.
     *
     * @throws RejectedException {@link RejectionCode#NON_FINITE} if a difference is NaN or infinite, or leaves the range of the
     *     recipe's precision
     */
    public List<Block> prune(PruneTask task) throws RejectedException, IOException {
        List<Block> blocks = new ArrayList<>();
        for (PruneItem item : task.items()) {
            float[] delta = delta(item);
            if (!isZero(delta)) {
                blocks.add(new Block(item.weights(), item.from(), compress(item, delta)));
            }
        }
        return blocks;
    }

    private PrunedBlock compress(PruneItem item, float[] delta) throws RejectedException, IOException {
        if (item.policy() == Policy.DENSE) {
            return Pruner.dense(delta, item.count(), recipe.precision());
        }
        List<Long> shape = item.base().shape();
        boolean matrix = shape.size() == 2;
        int rows = matrix ? Math.toIntExact(shape.get(0)) : 1;
        int columns = matrix ? Math.toIntExact(shape.get(1)) : item.count();
        return pruner.prune(delta, rows, columns, item.policy());
    }

    private static float[] delta(PruneItem item) throws RejectedException, IOException {
        float[] expert = read(item.expert(), item);
        float[] base = read(item.base(), item);
        for (int i = 0; i < expert.length; i++) {
            boolean same = Float.floatToRawIntBits(expert[i]) == Float.floatToRawIntBits(base[i]);
            float delta = same ? 0 : expert[i] - base[i];
            if (!Float.isFinite(delta)) {
                throw notFinite(item, item.from() + i, expert[i], base[i]);
            }
            expert[i] = delta;
        }
        return expert;
    }

    private static float[] read(TensorInfo tensor, PruneItem item) throws IOException {
        float[] values = new float[item.count()];
        try (TensorReader reader = TensorReader.open(tensor)) {
            reader.read(item.from(), values, 0, values.length);
        }
        return values;
    }

    private static RejectedException notFinite(PruneItem item, long element, float expert, float base) {
        return new RejectedException(
                RejectionCode.NON_FINITE,
                "Tensor " + item.expert().name() + " in " + item.expert().file().getFileName() + " is " + expert
                        + " at element "
                        + element + ", where the base is " + base
                        + "; the difference is no finite number. The training diverged or the export is damaged: export a healthy"
                        + " checkpoint and submit it again.");
    }

    private static boolean isZero(float[] values) {
        for (float value : values) {
            if (value != 0) {
                return false;
            }
        }
        return true;
    }
}
