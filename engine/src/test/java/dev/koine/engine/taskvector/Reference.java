package dev.koine.engine.taskvector;

import dev.koine.engine.linalg.ExactSvd;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/** The published recipe as its numpy reference computes it: in double, with an exact decomposition and a full sort. */
public final class Reference {
    private Reference() {}

    /** Low-rank plus sparse part of a delta of shape {@code [rows, columns]}. */
    public static double[] prune(double[] delta, int rows, int columns, int rank, double density) {
        double[] low = ExactSvd.truncated(delta, rows, columns, rank);
        double[] pruned = low.clone();
        IntStream.range(0, delta.length)
                .boxed()
                .sorted(Comparator.<Integer>comparingDouble(i -> -Math.abs(delta[i] - low[i]))
                        .thenComparing(i -> i))
                .limit((int) (delta.length * density))
                .forEach(i -> pruned[i] = delta[i]);
        return pruned;
    }

    public static double[] difference(float[] expert, float[] base) {
        double[] delta = new double[base.length];
        Arrays.setAll(delta, i -> (double) expert[i] - base[i]);
        return delta;
    }

    /**
     * The norm of {@code actual - expected} without its largest entries: a few entries may fall on either side of the selection
     * threshold.
     */
    public static double distance(double[] actual, double[] expected, int without) {
        double[] error = new double[actual.length];
        Arrays.setAll(error, i -> Math.abs(actual[i] - expected[i]));
        Arrays.sort(error);
        return norm(Arrays.copyOf(error, Math.max(0, error.length - without)));
    }

    public static double norm(double[] values) {
        return Math.sqrt(Arrays.stream(values).map(x -> x * x).sum());
    }

    public static double[] doubles(float[] values) {
        double[] doubles = new double[values.length];
        Arrays.setAll(doubles, i -> values[i]);
        return doubles;
    }
}
