package dev.koine.engine.merge.prune;

import dev.koine.engine.RejectedException;
import dev.koine.engine.RejectionCode;
import dev.koine.engine.linalg.LowRank;
import dev.koine.engine.tensor.Factors;
import dev.koine.engine.tensor.TensorInfo;
import dev.koine.engine.tensor.TensorReader;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A delta that comes as a product, in the layout of the weight that it belongs to. */
final class FactoredDelta {
    private FactoredDelta() {}

    /**
     * Reads the factors; the number that multiplies them is in {@code u}, or in {@code v} of a transposed delta.
     *
     * @return null if the delta is zero throughout, since one factor is: an adapter that was never trained begins so
     * @throws RejectedException NON_FINITE if an element is NaN or infinite
     */
    static @Nullable LowRank read(Factors delta) throws RejectedException, IOException {
        int rank = delta.rank();
        float[] left = finite(delta.left());
        float[] right = finite(delta.right());
        if (rank == 0 || isZero(left) || isZero(right) || delta.factor() == 0) {
            return null;
        }
        for (int i = 0; i < left.length; i++) {
            left[i] *= delta.factor();
        }
        int m = left.length / rank;
        int n = right.length / rank;
        return delta.isTransposed()
                ? new LowRank(n, m, rank, transposed(right, rank, n), transposed(left, m, rank))
                : new LowRank(m, n, rank, left, right);
    }

    /** The squared length of a product of factors, in double: the sum over k and l of {@code (U^T U)[k,l] (V V^T)[k,l]}. */
    static double squaredNorm(LowRank delta) {
        int rank = delta.rank();
        double sum = 0;
        for (int k = 0; k < rank; k++) {
            for (int l = 0; l < rank; l++) {
                double u = 0;
                for (int i = 0; i < delta.rows(); i++) {
                    u += (double) delta.u()[i * rank + k] * delta.u()[i * rank + l];
                }
                double v = 0;
                for (int j = 0; j < delta.columns(); j++) {
                    v += (double) delta.v()[k * delta.columns() + j] * delta.v()[l * delta.columns() + j];
                }
                sum += u * v;
            }
        }
        return Math.max(sum, 0);
    }

    private static float[] finite(TensorInfo tensor) throws RejectedException, IOException {
        float[] values = new float[Math.toIntExact(tensor.numel())];
        try (TensorReader reader = TensorReader.open(tensor)) {
            reader.read(0, values, 0, values.length);
        }
        for (int i = 0; i < values.length; i++) {
            if (!Float.isFinite(values[i])) {
                throw new RejectedException(
                        RejectionCode.NON_FINITE,
                        "The adapter's tensor " + tensor.name() + " in "
                                + tensor.file().getFileName() + " is " + values[i] + " at element " + i
                                + ": the training diverged, or the file is damaged. Take an earlier checkpoint of the adapter.");
            }
        }
        return values;
    }

    private static boolean isZero(float[] values) {
        for (float value : values) {
            if (value != 0) {
                return false;
            }
        }
        return true;
    }

    private static float[] transposed(float[] values, int rows, int columns) {
        float[] transposed = new float[values.length];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                transposed[j * rows + i] = values[i * columns + j];
            }
        }
        return transposed;
    }
}
