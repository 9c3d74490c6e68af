package dev.koine.bench.kernel;

import dev.koine.engine.RejectedException;
import dev.koine.engine.linalg.Lanczos;
import dev.koine.engine.linalg.LowRank;
import dev.koine.engine.linalg.TopSelection;
import dev.koine.engine.taskvector.Policy;
import dev.koine.engine.taskvector.Precision;
import dev.koine.engine.taskvector.PrunedBlock;
import dev.koine.engine.taskvector.Pruner;
import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What is done to one matrix of attention or feed-forward: its decomposition, the selection, and reading the result. */
@State(Scope.Thread)
public class MatrixKernels {
    private static final int RANK = 7;
    private static final double DENSITY = 0.2;

    @Param({"768x768", "768x3072", "1280x5120"})
    public String shape = "";

    private int rows;
    private int columns;
    private float[] delta = {};
    private float[] target = {};
    private Pruner pruner = new Pruner(RANK, DENSITY, Precision.FLOAT32, MatrixKernels::nothing);
    private @Nullable PrunedBlock block;

    @Setup
    public void prepare() throws RejectedException, IOException {
        String[] sides = shape.split("x", 2);
        rows = Integer.parseInt(sides[0]);
        columns = Integer.parseInt(sides[1]);
        delta = Deltas.of(rows, columns);
        target = new float[delta.length];
        block = new Pruner(RANK, DENSITY, Precision.FLOAT32, Lanczos::truncate)
                .prune(delta, rows, columns, Policy.LORS);
    }

    @Benchmark
    public LowRank lanczos() {
        return Lanczos.truncate(delta, rows, columns, RANK);
    }

    @Benchmark
    public long[] topSelection() {
        return TopSelection.largest(delta, (int) (delta.length * DENSITY));
    }

    /** All of pruning but the decomposition: residual, selection, and the block that is kept. */
    @Benchmark
    public PrunedBlock pruneOnly() throws RejectedException, IOException {
        return pruner.prune(delta, rows, columns, Policy.LORS);
    }

    /** The compressed block as float32. */
    @Benchmark
    public float[] readBlock() {
        Objects.requireNonNull(block).read(0, delta.length, target, 0);
        return target;
    }

    private static LowRank nothing(float[] a, int rows, int columns, int rank) {
        return new LowRank(rows, columns, 0, new float[0], new float[0]);
    }
}
