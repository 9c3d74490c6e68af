package dev.koine.engine.merge.prune;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.linalg.Decomposition;
import dev.koine.engine.linalg.Kernels;
import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.linalg.LowRank;
import dev.koine.engine.linalg.Scratch;
import dev.koine.engine.merge.method.Parameters;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.taskvector.CombinedBlock;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.PrunedBlock;
import dev.koine.engine.taskvector.Pruner;
import dev.koine.engine.taskvector.TaskVectorFile;
import dev.koine.engine.taskvector.TaskVectorFile.Block;
import dev.koine.engine.tensor.ElementReader;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.Factors;
import dev.koine.engine.tensor.FloatEncoding;
import dev.koine.engine.tensor.Values;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Prunes the tensors of a task: this is where an expert's weights become a task vector. Safe for several threads. */
public final class TensorPruner {
    private static final float[] NO_BASE = {};

    private final Pruner pruner;
    private final PruneObserver observer;
    private final Kernels kernels = Kernels.fastest();
    private final Scratch scratch = new Scratch();

    /** Decomposes with {@link Lanczos}, on the processor. */
    public TensorPruner(Recipe recipe) {
        this(recipe, Lanczos::truncate);
    }

    public TensorPruner(Recipe recipe, Decomposition decomposition) {
        this(recipe, decomposition, PruneObserver.NONE);
    }

    /** @param observer hears of each item of a task */
    public TensorPruner(Recipe recipe, Decomposition decomposition, PruneObserver observer) {
        this.observer = observer;
        Parameters parameters = recipe.parameters();
        this.pruner = new Pruner(
                parameters.rank(), parameters.density(), parameters.seed(), recipe.precision(), decomposition);
    }

    /** Prunes a task and keeps the result in the store; returns the digest of that {@link TaskVectorFile piece}. */
    public String prune(PruneTask task, ArtifactStore store) throws RejectedException, IOException {
        return keep(prune(task), store);
    }

    /** Keeps the blocks of a task in the store; returns the digest of that {@link TaskVectorFile piece}. */
    public static String keep(List<Block> blocks, ArtifactStore store) throws IOException {
        return store.put(file -> TaskVectorFile.write(file, blocks, Map.of()));
    }

    /**
     * Reads base and expert, and prunes every item. Items whose delta is zero throughout are left out: they add nothing.
     *
     * @throws RejectedException {@link RejectionCode#NON_FINITE} if a difference is NaN or infinite, or leaves the range of the
     *     recipe's precision; {@link RejectionCode#TENSOR_MISMATCH} if it is so large that the expert's value is lost in float32
     */
    public List<Block> prune(PruneTask task) throws RejectedException, IOException {
        List<Block> blocks = new ArrayList<>();
        for (PruneItem item : task.items()) {
            long begun = System.nanoTime();
            @Nullable PrunedBlock values = pruned(item);
            observer.pruned(item, System.nanoTime() - begun);
            if (values != null) {
                blocks.add(new Block(item.weights(), item.from(), values));
            }
        }
        return blocks;
    }

    private @Nullable PrunedBlock pruned(PruneItem item) throws RejectedException, IOException {
        if (!(item.expert() instanceof Values)) {
            return prune(item, NO_BASE);
        }
        float[] base = scratch.floats(item.count());
        read(item.base(), item.from(), base);
        @Nullable PrunedBlock values = prune(item, base);
        scratch.release(base);
        return values;
    }

    /**
     * Reads the expert, subtracts the base in float32, and compresses the delta. Where both have the same bits the delta is zero, also
     * between the infinities of an attention mask. An expert of a wider type is rounded to the base's first, as an export would be.
     * A delta that comes as factors is not decomposed again: the factors are kept, whatever rank the recipe has.
     *
     * @param base the item's elements of the base; not changed
     * @return null if the delta is zero throughout
     * @throws RejectedException as {@link #prune(PruneTask)}
     */
    @Nullable
    public PrunedBlock prune(PruneItem item, float[] base) throws RejectedException, IOException {
        if (item.expert() instanceof Values values) {
            return prune(item, values, base);
        }
        return item.expert() instanceof Factors factors ? prune(item, factors) : null;
    }

    private @Nullable PrunedBlock prune(PruneItem item, Values expert, float[] base)
            throws RejectedException, IOException {
        float[] delta = scratch.floats(item.count());
        try {
            readExpert(item, expert, delta);
            return isDifferent(item, expert, delta, base) ? compress(item, delta) : null;
        } finally {
            scratch.release(delta);
        }
    }

    private @Nullable PrunedBlock prune(PruneItem item, Factors expert) throws RejectedException, IOException {
        @Nullable LowRank delta = FactoredDelta.read(expert);
        if (delta == null) {
            return null;
        }
        PrunedBlock whole =
                switch (item.policy()) {
                    case SPARSE, RANDOM ->
                        pruner.prune(Pruner.product(delta), delta.rows(), delta.columns(), item.policy());
                    default -> pruner.factors(delta);
                };
        return CombinedBlock.of(List.of(new CombinedBlock.Term(whole, Math.toIntExact(item.from()), 1)), item.count());
    }

    private PrunedBlock compress(PruneItem item, float[] delta) throws RejectedException, IOException {
        if (item.policy() == Policy.DENSE) {
            return pruner.dense(delta, item.count());
        }
        List<Long> shape = item.base().shape();
        boolean matrix = shape.size() == 2 || (shape.size() > 2 && isLowRank(item.policy()));
        int columns = matrix ? Math.toIntExact(item.base().numel() / shape.get(0)) : item.count();
        int rows = item.count() / columns;
        return pruner.prune(delta, rows, columns, item.policy());
    }

    private static boolean isLowRank(Policy policy) {
        return policy == Policy.LOW_RANK || policy == Policy.LOW_RANK_BANDS;
    }

    /** Makes {@code expert} the delta; false if that is zero. */
    private boolean isDifferent(PruneItem item, Values values, float[] expert, float[] base)
            throws RejectedException, IOException {
        float largest = kernels.subtract(expert, base, expert.length);
        if (!Float.isFinite(largest)) {
            readExpert(item, values, expert);
            largest = subtractInfinities(item, expert, base);
        }
        if (largest >= LargeConstants.LARGE) {
            requireKept(item, values, base, expert);
        }
        return largest > 0;
    }

    private void requireKept(PruneItem item, Values values, float[] base, float[] delta)
            throws RejectedException, IOException {
        float[] expert = scratch.floats(item.count());
        try {
            readExpert(item, values, expert);
            LargeConstants.requireKept(item, base, expert, delta);
        } finally {
            scratch.release(expert);
        }
    }

    private static float subtractInfinities(PruneItem item, float[] expert, float[] base) throws RejectedException {
        float largest = 0;
        for (int i = 0; i < expert.length; i++) {
            boolean same = Float.floatToRawIntBits(expert[i]) == Float.floatToRawIntBits(base[i]);
            float delta = same ? 0 : expert[i] - base[i];
            if (!Float.isFinite(delta)) {
                throw LargeConstants.notFinite(item, i, expert[i], base[i]);
            }
            expert[i] = delta;
            largest = Math.max(largest, Math.abs(delta));
        }
        return largest;
    }

    private static void readExpert(PruneItem item, Values expert, float[] target) throws IOException {
        read(expert, item.from(), target);
        ElementType type = item.base().type();
        if (!expert.fitsInto(type)) {
            FloatEncoding.round(type, target, target.length);
        }
    }

    private static void read(Values tensor, long from, float[] target) throws IOException {
        try (ElementReader reader = ElementReader.open(tensor)) {
            reader.read(from, target, 0, target.length);
        }
    }
}
