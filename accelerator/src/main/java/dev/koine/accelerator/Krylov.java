package dev.koine.accelerator;

import dev.koine.engine.linalg.RayleighRitz;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a run of the {@link LanczosGraph} gives, less the vectors that are zero, and whether it can be trusted: the tests are those
 * of {@link dev.koine.engine.linalg.Lanczos}, made once at the end.
 *
 * @param steps how many vectors of the basis are the first chain's; the rest are the probe's
 * @param basis shape {@code [k, n]}
 * @param images the basis times the matrix, shape {@code [k, m]}
 * @param norms the norm after each step, shape {@code [k]}
 */
record Krylov(int steps, double[][] basis, double[][] images, double[] norms) {
    private static final double TOLERANCE = 1e-5;
    private static final double RAISED = 1e-4;
    private static final double NEGLIGIBLE = 1e-12;
    private static final double NOTHING_LEFT = 1e-11;
    private static final double ORTHONORMAL = 1e-5;

    /** The same arguments as of the record, but with zero vectors. */
    static Krylov ofRows(int steps, double[][] basis, double[][] images, double[] norms) {
        List<Integer> used = new ArrayList<>();
        int first = 0;
        for (int k = 0; k < basis.length; k++) {
            if (!isZero(basis[k])) {
                used.add(k);
                first += k < steps ? 1 : 0;
            }
        }
        return new Krylov(
                first,
                used.stream().map(k -> basis[k]).toArray(double[][]::new),
                used.stream().map(k -> images[k]).toArray(double[][]::new),
                used.stream().mapToDouble(k -> norms[k]).toArray());
    }

    private static boolean isZero(double[] v) {
        for (double x : v) {
            if (x != 0) {
                return false;
            }
        }
        return true;
    }

    /** The leading pairs, or nothing unless the basis is orthonormal and the leading {@code rank} pairs have converged. */
    Optional<RayleighRitz> leading(int rank) {
        if (steps == 0 || steps == basis.length || !(departure() <= ORTHONORMAL)) {
            return Optional.empty();
        }
        RayleighRitz ritz = RayleighRitz.of(basis, images);
        double[] values = ritz.values();
        int count = Math.min(rank, basis.length);
        boolean isSettled = isNothingLeft(values) || isConverged(ritz, values, count) && !isRaised(ritz, values, count);
        return isSettled ? Optional.of(ritz) : Optional.empty();
    }

    /**
     * Whether the basis holds all of the matrix, as of one of exactly low rank: the squared norm of what the matrix does to a random
     * vector outside the basis is, on average, n-th part of what is left of its squared Frobenius norm.
     */
    private boolean isNothingLeft(double[] values) {
        double[] image = images[steps];
        return basis[0].length * dot(image, image) <= NOTHING_LEFT * values[0];
    }

    /** By how much the basis misses being orthonormal: the largest entry of {@code |V V^T - 1|}. */
    double departure() {
        double departure = 0;
        for (int k = 0; k < basis.length; k++) {
            for (int i = 0; i <= k; i++) {
                departure = Math.max(departure, Math.abs(dot(basis[i], basis[k]) - (i == k ? 1 : 0)));
            }
        }
        return departure;
    }

    private static double dot(double[] x, double[] y) {
        double even = 0;
        double odd = 0;
        for (int j = 0; j < x.length - 1; j += 2) {
            even += x[j] * y[j];
            odd += x[j + 1] * y[j + 1];
        }
        return even + odd + (x.length % 2 == 0 ? 0 : x[x.length - 1] * y[x.length - 1]);
    }

    /** The residual of a Ritz pair is, from above, what the two open ends add to it, which are outside the basis. */
    private boolean isConverged(RayleighRitz ritz, double[] values, int count) {
        int last = basis.length - 1;
        for (int i = 0; i < count; i++) {
            double residual = norms[steps - 1] * Math.abs(ritz.coefficient(i, steps - 1))
                    + norms[last] * Math.abs(ritz.coefficient(i, last));
            double relative = TOLERANCE * Math.sqrt(values[0] * Math.max(values[i], 0));
            if (!(residual <= Math.max(relative, NEGLIGIBLE * values[0]))) {
                return false;
            }
        }
        return true;
    }

    /** Whether the probe has found more than the first chain knew of. */
    private boolean isRaised(RayleighRitz ritz, double[] values, int count) {
        double[] before = ritz.values(steps);
        for (int i = 0; i < count; i++) {
            double raise = values[i] - (i < before.length ? before[i] : 0);
            if (raise > Math.max(RAISED * values[i], NEGLIGIBLE * values[0])) {
                return true;
            }
        }
        return false;
    }
}
