package dev.koine.engine.merge;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.linalg.Grid;
import dev.koine.engine.onnx.BundleWriter;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.onnx.Weight;
import dev.koine.engine.tensor.Run;
import dev.koine.engine.tensor.TensorReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Merged weights: base and sums, put together. Safe for several threads. */
final class VersionWriter {
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
                WeightLaw law = law(weight, scales.of(weights.get(weight).key()));
                for (Range run :
                        Range.parts(weight, weights.get(weight).tensor().numel())) {
                    parts.add(() -> {
                        Written what = forEachChunk(
                                run,
                                sums,
                                law,
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
        WeightLaw law = law(range.weight(), scale);
        if (law.canLeave()) {
            forEachChunk(range, sums, law, (from, values, count) -> {});
        }
    }

    private WeightLaw law(int weight, double scale) {
        return new WeightLaw(weights.get(weight), grids.get(weight), scale);
    }

    private Written forEachChunk(Range range, Sums sums, WeightLaw law, ChunkStep step)
            throws RejectedException, IOException {
        int weight = range.weight();
        Written written = Written.NOTHING;
        float[] values = new float[Math.min(Run.CHUNK, range.count())];
        double[] deltas = new double[values.length];
        for (Run chunk : Run.chunks(range.count())) {
            int count = chunk.count();
            long from = range.from() + chunk.from();
            readers.get(weight).read(from, values, 0, count);
            sums.readDeltas(weight, from, deltas, count);
            float[] before = law.isLookedAt() ? values.clone() : values;
            law.grid().merge(values, deltas, count, law.scale());
            if (law.isLookedAt()) {
                written = written.plus(law.hold(from, before, values, 0, count));
            }
            step.take(from, values, count);
        }
        return written;
    }

    @FunctionalInterface
    private interface ChunkStep {
        void take(long from, float[] values, int count) throws IOException;
    }
}
