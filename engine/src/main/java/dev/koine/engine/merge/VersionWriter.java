package dev.koine.engine.merge;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.onnx.BundleWriter;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.Weight;
import dev.koine.engine.onnx.WeightRole;
import dev.koine.engine.tensor.ElementType;
import dev.koine.engine.tensor.TensorReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Merged weights: base and sums, put together. Safe for several threads. */
final class VersionWriter {
    private static final int RUN_ELEMENTS = 1 << 20;
    private static final int CHUNK_ELEMENTS = 1 << 14;

    private final ModelBundle base;
    private final List<Weight> weights;
    private final List<TensorReader> readers;
    private final List<Grid> grids;
    private final WorkPool pool;

    /**
     * @param readers of the base's weights, in their order
     * @param grids likewise
     */
    VersionWriter(ModelBundle base, List<TensorReader> readers, List<Grid> grids, WorkPool pool) {
        this.base = base;
        this.weights = base.weights();
        this.readers = readers;
        this.grids = grids;
        this.pool = pool;
    }

    /**
     * Writes a version as a bundle: the base's files byte for byte, but for the weights that experts changed.
     *
     * @param changed indexes of these weights
     * @param target an empty directory
     * @return what became of the update, the same for the same sums and scales
     * @throws RejectedException {@link dev.koine.engine.RejectionCode#TOTAL_OVERFLOW} if a merged weight leaves its element type
     */
    Written write(List<Integer> changed, Sums sums, Scales scales, Path target, Progress progress)
            throws RejectedException, IOException {
        long total =
                changed.stream().mapToLong(i -> weights.get(i).tensor().numel()).sum();
        AtomicLong written = new AtomicLong();
        try (BundleWriter writer = BundleWriter.create(
                base, target, changed.stream().map(weights::get).toList())) {
            List<WorkPool.Part<Written>> parts = new ArrayList<>();
            for (int weight : changed) {
                double scale = scales.of(weights.get(weight).key());
                for (Range run : Range.runs(weight, weights.get(weight).tensor().numel(), RUN_ELEMENTS)) {
                    parts.add(() -> {
                        Written what = forEachChunk(
                                run,
                                sums,
                                scale,
                                (from, values, count) -> writer.write(weights.get(weight), from, values, 0, count));
                        progress.report("writing", written.addAndGet(run.count()), total);
                        return what;
                    });
                }
            }
            return pool.runAll(parts).stream().reduce(Written.NOTHING, Written::plus);
        }
    }

    /** Looks at the merged weights of a range, where the grid alone does not say that they stay in the range of their type. */
    void requireInRange(Range range, Sums sums, double scale) throws RejectedException, IOException {
        if (canLeave(range.weight(), scale)) {
            forEachChunk(range, sums, scale, (from, values, count) -> {});
        }
    }

    private boolean canLeave(int weight, double scale) {
        return !(grids.get(weight).reach(scale)
                <= weights.get(weight).tensor().type().largestValue());
    }

    private Written forEachChunk(Range range, Sums sums, double scale, ChunkStep step)
            throws RejectedException, IOException {
        int weight = range.weight();
        boolean canLeave = canLeave(weight, scale);
        boolean isVariance = weights.get(weight).role() == WeightRole.VARIANCE;
        ElementType type = weights.get(weight).tensor().type();
        boolean isCompared = canLeave || isVariance || type != ElementType.FLOAT;
        Written written = Written.NOTHING;
        float[] values = new float[Math.min(CHUNK_ELEMENTS, range.count())];
        double[] deltas = new double[values.length];
        for (int done = 0; done < range.count(); done += CHUNK_ELEMENTS) {
            int count = Math.min(CHUNK_ELEMENTS, range.count() - done);
            long from = range.from() + done;
            readers.get(weight).read(from, values, 0, count);
            sums.readDeltas(weight, from, deltas, count);
            float[] before = isCompared ? values.clone() : values;
            Grid.merge(values, deltas, count, grids.get(weight), scale);
            if (canLeave) {
                requireInRange(weight, from, before, values, count);
            }
            long raised = isVariance ? VarianceFloor.raise(before, values, 0, count) : 0;
            if (isCompared) {
                written = written.plus(Written.of(type, before, values, 0, count, raised));
            }
            step.take(from, values, count);
        }
        return written;
    }

    private void requireInRange(int weight, long from, float[] before, float[] after, int count)
            throws RejectedException {
        float largest = weights.get(weight).tensor().type().largestValue();
        for (int i = 0; i < count; i++) {
            if (Float.isFinite(before[i]) && !(Math.abs(after[i]) <= largest)) {
                throw OutOfRange.weight(weights.get(weight), from + i, after[i]);
            }
        }
    }

    @FunctionalInterface
    private interface ChunkStep {
        void take(long from, float[] values, int count) throws IOException;
    }
}
