package dev.koine.engine.export;

import dev.koine.engine.linalg.Decomposition;
import dev.koine.engine.linalg.LowRank;
import dev.koine.engine.tensor.Run;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.TensorReader;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.util.Map;
import java.util.Objects;

/** A version minus its base, zero where both have the same, be it an infinity; what is of low rank is the best approximation of some rank. */
final class VersionDeltas implements DeltaSource {
    private final Map<String, TensorInfo> version;
    private final int rank;
    private final Decomposition decomposition;

    /** @param version its tensors by the keys of the base's weights, of the same types and shapes */
    VersionDeltas(Map<String, TensorInfo> version, int rank, Decomposition decomposition) {
        this.version = Map.copyOf(version);
        this.rank = rank;
        this.decomposition = decomposition;
    }

    @Override
    public boolean has(Weight weight) throws IOException {
        try {
            forEachRun(weight, Run.CHUNK, (run, values) -> {
                for (int i = 0; i < run.count(); i++) {
                    if (values[i] != 0) {
                        throw new Found();
                    }
                }
            });
            return false;
        } catch (Found found) {
            return true;
        }
    }

    /** Ends the search. */
    private static final class Found extends IOException {
        private static final long serialVersionUID = 1L;
    }

    @Override
    public LowRank lowRank(Weight weight) throws IOException {
        int rows = Math.toIntExact(weight.tensor().shape().get(0));
        int columns = Math.toIntExact(weight.tensor().shape().get(1));
        float[] delta = new float[Math.multiplyExact(rows, columns)];
        forEachRun(weight, Run.CHUNK, (run, values) -> System.arraycopy(values, 0, delta, run.at(), run.count()));
        return decomposition.truncate(delta, rows, columns, rank);
    }

    @Override
    public void forEachRun(Weight weight, int longest, Sink sink) throws IOException {
        TensorInfo theirs = Objects.requireNonNull(version.get(weight.key()));
        try (TensorReader base = TensorReader.open(weight.tensor());
                TensorReader merged = TensorReader.open(theirs)) {
            float[] ours = new float[(int) Math.min(longest, base.numel())];
            float[] values = new float[ours.length];
            for (Run run : Run.cut(base.numel(), longest)) {
                base.read(run.from(), ours, 0, run.count());
                merged.read(run.from(), values, 0, run.count());
                for (int i = 0; i < run.count(); i++) {
                    values[i] = values[i] == ours[i] ? 0 : values[i] - ours[i];
                }
                sink.take(run, values);
            }
        }
    }
}
