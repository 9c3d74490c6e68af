package dev.koine.engine.export;

import dev.koine.engine.RejectedException;
import dev.koine.engine.linalg.LowRank;
import dev.koine.engine.tensor.Run;
import dev.koine.engine.tensor.Weight;
import java.io.IOException;
import java.util.Arrays;

/**
 * Squared Frobenius norms of a delta.
 *
 * @param whole of the delta
 * @param rest of the delta minus its low-rank part
 */
record Norms(double whole, double rest) {
    /** That of a delta. */
    static double whole(Weight weight, DeltaSource deltas) throws IOException, RejectedException {
        double[] square = new double[1];
        deltas.forEachRun(weight, Run.CHUNK, (run, values) -> {
            for (int i = 0; i < run.count(); i++) {
                square[0] += (double) values[i] * values[i];
            }
        });
        return square[0];
    }

    /** Those of a matrix. */
    static Norms of(Weight weight, DeltaSource deltas, LowRank product) throws IOException, RejectedException {
        double[] squares = new double[2];
        double[] row = new double[product.columns()];
        deltas.forEachRun(weight, product.columns(), (run, values) -> {
            multiply(product, (int) (run.from() / product.columns()), row);
            for (int j = 0; j < run.count(); j++) {
                double rest = values[j] - row[j];
                squares[0] += (double) values[j] * values[j];
                squares[1] += rest * rest;
            }
        });
        return new Norms(squares[0], squares[1]);
    }

    private static void multiply(LowRank product, int row, double[] target) {
        Arrays.fill(target, 0);
        for (int k = 0; k < product.rank(); k++) {
            double factor = product.u()[row * product.rank() + k];
            int at = k * product.columns();
            for (int j = 0; j < target.length; j++) {
                target[j] += factor * product.v()[at + j];
            }
        }
    }
}
