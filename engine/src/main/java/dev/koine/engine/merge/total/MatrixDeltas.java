package dev.koine.engine.merge.total;

import dev.koine.engine.RejectedException;
import java.io.IOException;

/** Merged deltas that are no finish of the {@link ReadableSums}, but are made of other sums, a matrix at a time. Safe for several threads. */
public interface MatrixDeltas {
    /** None. */
    MatrixDeltas NONE = new MatrixDeltas() {
        @Override
        public boolean has(int index) {
            return false;
        }

        @Override
        public double[] of(int index) {
            throw new IllegalArgumentException("weight " + index);
        }
    };

    /** Whether the deltas of a weight are made here. */
    boolean has(int index);

    /** The merged delta of a weight, as it is added to the base: in its units, row-major, not to be scaled. */
    double[] of(int index) throws RejectedException, IOException;
}
