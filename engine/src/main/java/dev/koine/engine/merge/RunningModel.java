package dev.koine.engine.merge;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.WorkPool;
import dev.koine.engine.linalg.Grid;
import dev.koine.engine.merge.recipe.Recipe;
import dev.koine.engine.merge.recipe.Scaling;
import dev.koine.engine.merge.total.Deltas;
import dev.koine.engine.merge.total.Grids;
import dev.koine.engine.merge.total.MatrixDeltas;
import dev.koine.engine.merge.total.Range;
import dev.koine.engine.merge.total.Sums;
import dev.koine.engine.merge.total.Totals;
import dev.koine.engine.merge.total.Written;
import dev.koine.engine.merge.weighed.WeighedSums;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.tensor.TensorReader;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A base model and what its recipe keeps of the task vectors inside it.
 *
 * <p>{@link Sums} are kept in fixed point on a {@link Grid} that depends on the base weight alone, so the order of additions does not
 * matter, subtracting undoes adding exactly, and the cost of a change does not grow with the number of experts inside. They lie in
 * a scratch file and can always be made again from the members; they are never the only copy of anything.
 *
 * <p>Not safe for use by several threads at once; it spreads its own work over the {@link WorkPool}.
 */
public final class RunningModel implements AutoCloseable {
    private final Recipe recipe;
    private final List<Weight> weights;
    private final WorkPool pool;
    private final List<TensorReader> readers;
    private final List<Grid> grids;
    private final TaskVectorReader vectors;
    private final VersionWriter writer;
    private final ScaleRule rule;
    private final Sums sums;
    private final @Nullable WeighedMembers weighed;
    private final Deltas deltas;
    private final AtomicIntegerArray touched;
    private final List<Member> members;

    private RunningModel(
            ModelBundle base,
            Recipe recipe,
            WorkPool pool,
            List<TensorReader> readers,
            List<Grid> grids,
            Sums sums,
            TaskVectorReader vectors,
            @Nullable WeighedMembers weighed,
            List<Member> members,
            Deltas deltas) {
        this.recipe = recipe;
        this.weights = base.weights();
        this.pool = pool;
        this.readers = readers;
        this.grids = grids;
        this.vectors = vectors;
        this.writer = new VersionWriter(base, readers, grids, deltas, pool);
        this.rule = new ScaleRule(weights, grids, vectors, pool);
        this.sums = sums;
        this.weighed = weighed;
        this.members = members;
        this.deltas = deltas;
        this.touched = new AtomicIntegerArray(weights.size());
    }

    /**
     * The base with nothing inside.
     *
     * @param recipe says how task vectors are combined and scaled; they are pruned already
     * @param store where the task vectors are
     * @param scratch a directory for the totals: four bytes an element and plane of the recipe's method, and up to twice that for tensors
     *     that are small or near zero; where it weighs by statistics, eight more for an element of such a weight
     * @throws RejectedException {@link RejectionCode#NON_FINITE} if a weight of the base is NaN
     */
    public static RunningModel open(ModelBundle base, Recipe recipe, ArtifactStore store, Path scratch, WorkPool pool)
            throws RejectedException, IOException {
        List<Weight> weights = base.weights();
        List<Grid> grids = Grids.of(weights, pool);
        Sums sums = Sums.create(
                scratch, Totals.Tensor.of(weights, grids), recipe.method().accumulate());
        TaskVectorReader vectors = new TaskVectorReader(weights, store);
        List<Member> members = new ArrayList<>();
        @Nullable WeighedMembers weighed = null;
        try {
            if (recipe.method().isWeighed()) {
                weighed = new WeighedMembers(WeighedSums.open(base, recipe, grids, scratch), vectors, store, members);
            }
            Deltas deltas = new Deltas(weights, grids, sums, weighed == null ? MatrixDeltas.NONE : weighed, recipe);
            List<TensorReader> readers = TensorReader.openAll(weights);
            return new RunningModel(base, recipe, pool, readers, grids, sums, vectors, weighed, members, deltas);
        } catch (RejectedException | IOException | RuntimeException e) {
            sums.close();
            if (weighed != null) {
                weighed.close();
            }
            throw e;
        }
    }

    /**
     * The base with members inside that were there together before. Their sum is in range, and so it is made in any order, also where
     * a part of it would not be.
     *
     * @throws RejectedException if a member never can have been inside, or as {@link #open}
     */
    public static RunningModel restore(
            ModelBundle base, Recipe recipe, ArtifactStore store, Path scratch, WorkPool pool, List<Member> members)
            throws RejectedException, IOException {
        RunningModel model = open(base, recipe, store, scratch, pool);
        try {
            for (Member member : members) {
                model.restore(member);
                model.members.add(member);
            }
            return model;
        } catch (RejectedException | IOException | RuntimeException e) {
            model.close();
            throw e;
        }
    }

    private void restore(Member member) throws RejectedException, IOException {
        List<WorkPool.Part<Boolean>> parts = new ArrayList<>();
        for (Addition.Part part : vectors.parts(member.taskVector())) {
            parts.add(() -> {
                part.forEach(addition -> restore(addition, member.factor()));
                return true;
            });
        }
        if (weighed != null) {
            for (WeighedMembers.Part part : weighed.parts(member)) {
                parts.add(() -> {
                    part.applyModular(1);
                    return true;
                });
            }
        }
        pool.runAll(parts);
    }

    private void restore(Addition addition, double factor) throws RejectedException, IOException {
        int index = addition.index();
        if (deltas.isScaled(index)) {
            sums.addModular(index, addition.from(), addition.values(), grids.get(index), factor);
        }
        touched.set(index, 1);
    }

    /**
     * Adds an expert's task vector.
     *
     * @throws RejectedException {@link RejectionCode#TOTAL_OVERFLOW} if a total would leave its range, or, where the scale is known
     *     already, a merged weight that of its element type; the totals are then as they were
     * @throws IOException if store or disk have trouble; the totals are then undefined, and this is to be closed
     */
    public void add(Member member) throws RejectedException, IOException {
        change(member, 1);
        members.add(member);
    }

    /**
     * Takes out exactly what {@link #add} put in.
     *
     * @throws RejectedException as {@link #add}, where this member held back another that is far out of range
     * @throws IOException as {@link #add}
     * @throws IllegalArgumentException if it is not inside
     */
    public void subtract(Member member) throws RejectedException, IOException {
        if (!members.contains(member)) {
            throw new IllegalArgumentException(member + " is not inside.");
        }
        change(member, -1);
        members.remove(member);
    }

    /**
     * Takes one member out and puts another in, as one change.
     *
     * @throws RejectedException as {@link #add}; the totals are then as they were
     * @throws IOException as {@link #add}
     */
    public void replace(Member old, Member replacement) throws RejectedException, IOException {
        subtract(old);
        try {
            add(replacement);
        } catch (RejectedException e) {
            add(old);
            throw e;
        }
    }

    private void change(Member member, int sign) throws RejectedException, IOException {
        Queue<WorkPool.Part<Boolean>> undoing = new ConcurrentLinkedQueue<>();
        List<WorkPool.Part<Boolean>> parts = new ArrayList<>();
        for (Addition.Part part : vectors.parts(member.taskVector())) {
            parts.add(() -> {
                apply(part, member.factor(), sign);
                return undoing.add(() -> {
                    part.forEach(addition -> apply(addition, member.factor(), -sign));
                    return true;
                });
            });
        }
        if (weighed != null) {
            for (WeighedMembers.Part part : weighed.parts(member)) {
                parts.add(() -> {
                    part.apply(sign);
                    return undoing.add(() -> {
                        part.applyModular(-sign);
                        return true;
                    });
                });
            }
        }
        try {
            pool.runAll(parts);
        } catch (RejectedException e) {
            for (WorkPool.Part<Boolean> undo : undoing) {
                undo.run();
            }
            throw e;
        }
    }

    private void apply(Addition.Part part, double factor, int sign) throws RejectedException, IOException {
        Deque<Addition> done = new ArrayDeque<>();
        try {
            part.forEach(addition -> {
                apply(addition, factor, sign);
                done.push(addition);
                if (recipe.scale().scaling() == Scaling.FIXED) {
                    Range range = new Range(
                            addition.index(), addition.from(), addition.values().numel());
                    writer.requireInRange(range, recipe.scale().factor());
                }
            });
        } catch (RejectedException e) {
            for (Addition addition : done) {
                apply(addition, factor, -sign);
            }
            throw e;
        }
    }

    private void apply(Addition addition, double factor, int sign) throws RejectedException, IOException {
        int index = addition.index();
        touched.set(index, 1);
        if (!deltas.isScaled(index)) {
            return;
        }
        if (sign > 0) {
            sums.add(index, addition.from(), addition.values(), grids.get(index), factor);
        } else {
            sums.subtract(index, addition.from(), addition.values(), grids.get(index), factor);
        }
    }

    /**
     * What the recipe's scale comes to for the members inside.
     *
     * @throws IllegalStateException if it is to be searched: that is done by writing and evaluating {@link Scales#fixed}
     */
    public Scales scales() throws RejectedException, IOException {
        return rule.scales(recipe.scale(), members, deltas);
    }

    /**
     * Writes this version as a bundle: the base's files byte for byte, but for the weights that experts changed.
     *
     * @param target an empty directory
     * @param scales {@link #scales()}, others to try, or those on record
     * @return what became of the update
     * @throws RejectedException {@link RejectionCode#TOTAL_OVERFLOW} if a merged weight leaves its element type; what is inside stays
     *     as it is
     */
    public Written write(Path target, Scales scales, Progress progress) throws RejectedException, IOException {
        List<Integer> changed = IntStream.range(0, weights.size())
                .filter(index -> touched.get(index) != 0)
                .boxed()
                .toList();
        return writer.write(changed, scales, target, progress);
    }

    @Override
    public void close() throws IOException {
        readers.forEach(TensorReader::close);
        try (Sums closedLast = sums) {
            if (weighed != null) {
                weighed.close();
            }
        }
    }
}
