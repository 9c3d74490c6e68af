package dev.koine.engine.merge;

import dev.koine.engine.Progress;
import dev.koine.engine.RejectedException;
import dev.koine.engine.WorkPool;
import dev.koine.engine.linalg.Grid;
import dev.koine.engine.merge.total.Deltas;
import dev.koine.engine.merge.total.Range;
import dev.koine.engine.merge.total.WeightLaw;
import dev.koine.engine.merge.total.Written;
import dev.koine.engine.onnx.BundleWriter;
import dev.koine.engine.onnx.ModelBundle;
import dev.koine.engine.tensor.Run;
import dev.koine.engine.tensor.TensorReader;
import dev.koine.engine.tensor.Weight;
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
    private final Deltas deltas;
    private final WorkPool pool;

    /**
     * @param readers of the base's weights, in their order
     * @param grids likewise
     * @param deltas likewise
     */
    VersionWriter(ModelBundle base, List<TensorReader> readers, List<Grid> grids, Deltas deltas, WorkPool pool) {
        this.base = base;
        this.weights = base.weights();
        this.readers = readers;
        this.grids = grids;
        this.deltas = deltas;
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
    Written write(List<Integer> changed, Scales scales, Path target, Progress progress)
            throws RejectedException, IOException {
        long total =
                changed.stream().mapToLong(i -> weights.get(i).tensor().numel()).sum();
        AtomicLong written = new AtomicLong();
        try (BundleWriter writer = BundleWriter.create(
                base, target, changed.stream().map(weights::get).toList())) {
            List<WorkPool.Part<Written>> parts = new ArrayList<>();
            for (int index : changed) {
                WeightLaw law = law(index, scales.of(weights.get(index).key()));
                for (Range part : deltas.parts(index)) {
                    parts.add(() -> {
                        Written what = forEachChunk(
                                part,
                                law,
                                (from, values, count) -> writer.write(weights.get(index), from, values, 0, count));
                        progress.report("writing", written.addAndGet(part.count()), total);
                        return what;
                    });
                }
            }
            return pool.runAll(parts).stream().reduce(Written.NOTHING, Written::plus);
        }
    }

    /**
     * Looks at the merged weights of a range, where grid and finish alone do not say that they stay in the range of their type. Those of a
     * matrix that is finished as a whole are looked at when they are written.
     */
    void requireInRange(Range range, double scale) throws RejectedException, IOException {
        WeightLaw law = law(range.index(), scale);
        if (law.canLeave() && !deltas.isWhole(range.index())) {
            forEachChunk(range, law, (from, values, count) -> {});
        }
    }

    private WeightLaw law(int index, double scale) {
        double used = deltas.isScaled(index) ? scale : 1;
        return new WeightLaw(weights.get(index), grids.get(index), used, deltas.isBounded(index));
    }

    private Written forEachChunk(Range range, WeightLaw law, ChunkStep step) throws RejectedException, IOException {
        TensorReader reader = readers.get(range.index());
        float[] values = new float[Math.min(Run.CHUNK, range.count())];
        float[] before = law.isLookedAt() ? new float[values.length] : values;
        Written[] written = {Written.NOTHING};
        deltas.forEachChunk(range, (from, delta, count) -> {
            reader.read(from, before, 0, count);
            if (law.isLookedAt()) {
                System.arraycopy(before, 0, values, 0, count);
            }
            law.grid().merge(values, delta, count, law.scale());
            if (law.isLookedAt()) {
                written[0] = written[0].plus(law.hold(from, before, values, 0, count));
            }
            step.take(from, values, count);
        });
        return written[0];
    }

    @FunctionalInterface
    private interface ChunkStep {
        void take(long from, float[] values, int count) throws IOException;
    }
}
