package dev.koine.engine.merge;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.onnx.BundleWriter;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.TensorReader;
import dev.koine.engine.onnx.Weight;
import dev.koine.engine.store.ArtifactStore;
import dev.koine.engine.taskvector.PrunedBlock;
import dev.koine.engine.taskvector.TaskVectorFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/**
 * A base model and the running total of the task vectors inside it.
 *
 * <p>The total is kept in fixed point on a {@link Grid} that depends on the base weight alone, so the order of additions does not
 * matter, subtracting undoes adding exactly, and the cost of a change does not grow with the number of experts inside. It lies in
 * a scratch file and can always be made again from the members; it is never the only copy of anything.
 *
 * <p>Not safe for use by several threads at once; it spreads its own work over the {@link WorkPool}.
 */
public final class RunningModel implements AutoCloseable {
    private static final int RUN_ELEMENTS = 1 << 20;
    private static final int CHUNK_ELEMENTS = 1 << 14;

    private final ModelBundle base;
    private final double scale;
    private final ArtifactStore store;
    private final WorkPool pool;
    private final List<Weight> weights;
    private final List<TensorReader> readers;
    private final Map<String, Integer> indexOf = new HashMap<>();
    private final List<Grid> grids;
    private final Totals totals;
    private final AtomicIntegerArray touched;

    private RunningModel(
            ModelBundle base,
            double scale,
            ArtifactStore store,
            WorkPool pool,
            List<TensorReader> readers,
            List<Grid> grids,
            Totals totals) {
        this.base = base;
        this.scale = scale;
        this.store = store;
        this.pool = pool;
        this.weights = base.weights();
        this.readers = readers;
        this.grids = grids;
        this.totals = totals;
        this.touched = new AtomicIntegerArray(weights.size());
        for (int i = 0; i < weights.size(); i++) {
            indexOf.put(weights.get(i).key(), i);
        }
    }

    /**
     * The base with nothing inside.
     *
     * @param scale the recipe's factor of the sum
     * @param store where the task vectors are
     * @param scratch a directory for the totals, four bytes an element
     * @throws RejectedException {@link RejectionCode#NON_FINITE} if a weight of the base is NaN
     */
    public static RunningModel open(ModelBundle base, double scale, ArtifactStore store, Path scratch, WorkPool pool)
            throws RejectedException, IOException {
        List<Weight> weights = base.weights();
        List<Grid> grids = Grids.of(weights, pool);
        List<Totals.Tensor> tensors = weights.stream()
                .map(weight -> new Totals.Tensor(weight.key(), weight.tensor().numel()))
                .toList();
        List<TensorReader> readers = new ArrayList<>();
        for (Weight weight : weights) {
            readers.add(TensorReader.open(weight.tensor()));
        }
        return new RunningModel(base, scale, store, pool, readers, grids, Totals.create(scratch, tensors));
    }

    /**
     * The base with members inside that were there together before. Their sum is in range, and so it is made in any order, also where
     * a part of it would not be.
     *
     * @throws RejectedException if a member never can have been inside, or as {@link #open}
     */
    public static RunningModel restore(
            ModelBundle base, double scale, ArtifactStore store, Path scratch, WorkPool pool, List<Member> members)
            throws RejectedException, IOException {
        RunningModel model = open(base, scale, store, scratch, pool);
        try {
            for (Member member : members) {
                model.restore(member);
            }
            return model;
        } catch (RejectedException | IOException | RuntimeException e) {
            model.close();
            throw e;
        }
    }

    private void restore(Member member) throws RejectedException, IOException {
        List<WorkPool.Part<String>> parts = new ArrayList<>();
        for (String piece : TaskVector.get(store, member.taskVector()).pieces()) {
            parts.add(() -> {
                restorePiece(piece, member.weight());
                return piece;
            });
        }
        pool.runAll(parts);
    }

    private void restorePiece(String piece, double factor) throws RejectedException, IOException {
        forEachAddition(piece, addition -> {
            int weight = addition.weight();
            totals.addModular(weight, addition.from(), addition.values(), grids.get(weight), factor);
            touched.set(weight, 1);
        });
    }

    /**
     * Adds an expert's task vector.
     *
     * @throws RejectedException {@link RejectionCode#TOTAL_OVERFLOW} if a total would leave its range, or a merged weight that of its
     *     element type; the totals are then as they were
     * @throws IOException if store or disk have trouble; the totals are then undefined, and this is to be closed
     */
    public void add(Member member) throws RejectedException, IOException {
        change(member, 1);
    }

    /**
     * Takes out exactly what {@link #add} put in.
     *
     * @throws RejectedException as {@link #add}, where this member held back another that is far out of range
     * @throws IOException as {@link #add}
     */
    public void subtract(Member member) throws RejectedException, IOException {
        change(member, -1);
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
        double factor = sign * member.weight();
        List<String> pieces = TaskVector.get(store, member.taskVector()).pieces();
        Queue<String> applied = new ConcurrentLinkedQueue<>();
        List<WorkPool.Part<Boolean>> parts = new ArrayList<>();
        for (String piece : pieces) {
            parts.add(() -> {
                addPiece(piece, factor);
                return applied.add(piece);
            });
        }
        try {
            pool.runAll(parts);
        } catch (RejectedException e) {
            for (String piece : applied) {
                addPiece(piece, -factor);
            }
            throw e;
        }
    }

    private void addPiece(String piece, double factor) throws RejectedException, IOException {
        Deque<Addition> done = new ArrayDeque<>();
        try {
            forEachAddition(piece, addition -> {
                add(addition, factor);
                done.push(addition);
                requireInRange(addition);
            });
        } catch (RejectedException e) {
            for (Addition addition : done) {
                add(addition, -factor);
            }
            throw e;
        }
    }

    private void forEachAddition(String piece, AdditionStep step) throws RejectedException, IOException {
        try (TaskVectorFile file = stored(() -> TaskVectorFile.open(store.get(piece)))) {
            for (TaskVectorFile.Index entry : file.blocks()) {
                PrunedBlock values = stored(() -> file.read(entry));
                for (String key : entry.weights()) {
                    step.take(new Addition(indexOf(key), entry.from(), values));
                }
            }
        }
    }

    @FunctionalInterface
    private interface AdditionStep {
        void take(Addition addition) throws RejectedException, IOException;
    }

    private static <T> T stored(WorkPool.Part<T> read) throws IOException {
        try {
            return read.run();
        } catch (RejectedException e) {
            throw new IOException("The store's copy of a task vector is damaged: " + e.getMessage(), e);
        }
    }

    private record Addition(int weight, long from, PrunedBlock values) {}

    private void add(Addition addition, double factor) throws RejectedException, IOException {
        int weight = addition.weight();
        totals.add(weight, addition.from(), addition.values(), grids.get(weight), factor);
        touched.set(weight, 1);
    }

    /** Looks at the merged weights, where the grid alone does not say that they stay in the range of their type. */
    private void requireInRange(Addition addition) throws RejectedException, IOException {
        Weight weight = weights.get(addition.weight());
        float largest = weight.tensor().type().largestValue();
        if (grids.get(addition.weight()).reach(scale) <= largest) {
            return;
        }
        long end = addition.from() + addition.values().numel();
        float[] before = new float[(int) Math.min(CHUNK_ELEMENTS, end - addition.from())];
        int[] sums = new int[before.length];
        for (long from = addition.from(); from < end; from += CHUNK_ELEMENTS) {
            int count = (int) Math.min(CHUNK_ELEMENTS, end - from);
            readers.get(addition.weight()).read(from, before, 0, count);
            float[] after = before.clone();
            merge(addition.weight(), from, after, sums, count);
            for (int i = 0; i < count; i++) {
                if (Float.isFinite(before[i]) && !(Math.abs(after[i]) <= largest)) {
                    throw OutOfRange.weight(weight, from + i, after[i]);
                }
            }
        }
    }

    private int indexOf(String key) throws IOException {
        Integer index = indexOf.get(key);
        if (index == null) {
            throw new IOException(
                    "A task vector in the store is for a weight " + key + " that the base does not have.");
        }
        return index;
    }

    /**
     * Writes this version as a bundle: the base's files byte for byte, but for the weights that experts changed.
     *
     * @param target an empty directory
     * @throws RejectedException {@link dev.koine.engine.RejectionCode#NON_FINITE} if a merged weight has no place in its element type
     */
    public void write(Path target, Progress progress) throws RejectedException, IOException {
        List<Integer> changed = IntStream.range(0, weights.size())
                .filter(weight -> touched.get(weight) != 0)
                .boxed()
                .toList();
        long total =
                changed.stream().mapToLong(i -> weights.get(i).tensor().numel()).sum();
        AtomicLong written = new AtomicLong();
        try (BundleWriter writer = BundleWriter.create(
                base, target, changed.stream().map(weights::get).toList())) {
            List<WorkPool.Part<Run>> parts = new ArrayList<>();
            for (int weight : changed) {
                long numel = weights.get(weight).tensor().numel();
                for (long from = 0; from < numel; from += RUN_ELEMENTS) {
                    Run run = new Run(weight, from, (int) Math.min(RUN_ELEMENTS, numel - from));
                    parts.add(() -> {
                        write(run, writer);
                        progress.report("writing", written.addAndGet(run.count()), total);
                        return run;
                    });
                }
            }
            pool.runAll(parts);
        }
    }

    private record Run(int weight, long from, int count) {}

    private void write(Run run, BundleWriter writer) throws IOException {
        float[] values = new float[Math.min(CHUNK_ELEMENTS, run.count())];
        int[] sums = new int[values.length];
        for (int done = 0; done < run.count(); done += CHUNK_ELEMENTS) {
            int count = Math.min(CHUNK_ELEMENTS, run.count() - done);
            long from = run.from() + done;
            readers.get(run.weight()).read(from, values, 0, count);
            merge(run.weight(), from, values, sums, count);
            writer.write(weights.get(run.weight()), from, values, 0, count);
        }
    }

    /** Base values to merged ones, in place. */
    private void merge(int weight, long from, float[] values, int[] sums, int count) throws IOException {
        totals.read(weight, from, sums, 0, count);
        Grid.merge(values, sums, 0, count, grids.get(weight), scale);
    }

    @Override
    public void close() throws IOException {
        readers.forEach(TensorReader::close);
        totals.close();
    }
}
