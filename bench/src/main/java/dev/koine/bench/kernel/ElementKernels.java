package dev.koine.bench.kernel;

import dev.koine.engine.linalg.Grid;
import dev.koine.engine.tensor.FloatEncoding;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What is done to each element for itself: the merged weight, and rounding to half precision. */
@State(Scope.Thread)
public class ElementKernels {
    private static final double SCALE = 0.2;

    @Param({"1280x5120"})
    public String shape = "";

    private float[] values = {};
    private float[] weights = {};
    private int[] totals = {};
    private short[] encoded = {};

    /** One total in five is zero, as where nothing is kept. */
    @Setup
    public void prepare() {
        String[] sides = shape.split("x", 2);
        values = Deltas.of(Integer.parseInt(sides[0]), Integer.parseInt(sides[1]));
        weights = values.clone();
        totals = new int[values.length];
        encoded = new short[values.length];
        for (int i = 0; i < totals.length; i++) {
            totals[i] = i % 5 == 0 ? 0 : i;
        }
    }

    /** Adds totals to a base, in place. */
    @Benchmark
    public float[] merge() {
        Grid.of(1).merge(weights, totals, 0, weights.length, SCALE);
        return weights;
    }

    @Benchmark
    public short[] toFloat16() {
        for (int i = 0; i < values.length; i++) {
            encoded[i] = FloatEncoding.toFloat16(values[i]);
        }
        return encoded;
    }

    @Benchmark
    public short[] toBfloat16() {
        for (int i = 0; i < values.length; i++) {
            encoded[i] = FloatEncoding.toBfloat16(values[i]);
        }
        return encoded;
    }
}
