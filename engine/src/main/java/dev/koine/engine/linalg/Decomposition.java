package dev.koine.engine.linalg;

import java.io.IOException;
import org.apiguardian.api.API;

/** A way to find the best approximation of a matrix by one of low rank. Safe for several threads. */
@FunctionalInterface
@API(status = API.Status.MAINTAINED)
public interface Decomposition {

    /**
     * The best approximation of rank {@code rank}.
     *
     * @param a float32, row-major, shape {@code [rows, columns]}, all finite; not changed
     * @return factors of rank {@code min(rank, rows, columns)}, or lower if {@code a} has no more directions: 0 for a zero matrix
     * @throws IllegalArgumentException if sizes do not fit or an element is not finite
     * @throws IOException if the device that computes it has trouble
     */
    LowRank truncate(float[] a, int rows, int columns, int rank) throws IOException;
}
