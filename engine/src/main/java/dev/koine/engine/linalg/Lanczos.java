package dev.koine.engine.linalg;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * The truncated singular value decomposition of one weight delta.
 *
 * <p>A Krylov space of {@code D^T D} (on the smaller side of {@code D}) is grown one vector at a time with full
 * reorthogonalisation; the eigenvectors of the small projected matrix {@code H = Q^T D^T D Q} give the leading right singular
 * vectors (Lanczos; Golub and Van Loan, Matrix Computations, 10.1; Rayleigh-Ritz).
 *
 * <pre>
 *   a chain     q, A q, A A q, ... orthogonalised: its last product, less what lies in the basis, is its open end
 *   residual    of Ritz pair i: sum over chains of |open end| * |component of eigenvector i at the chain's last vector|
 *   grow        the chain that adds most to a leading residual, until every leading one is small
 *   exhausted   a chain whose open end falls under 1e-5 of its largest step: what it reached is invariant
 *   probe       when all is converged, a chain from a fresh vector, orthogonal to the basis, takes a few steps:
 *               one chain sees one copy only of a repeated singular value. If the probe raises a leading
 *               Ritz value, iterate on; if it raises none, or nothing is left to see, the answer stands
 * </pre>
 *
 * <p>All vectors come from a fixed seed and all sums have a fixed order, so one matrix has one result. Singular values that agree
 * to about 1e-4 across the cut at the rank are interchangeable, here as in any decomposition of float32 data.
 */
public final class Lanczos {
    private static final double TOLERANCE = 1e-5;
    private static final double EXHAUSTED = 1e-5;
    private static final double NOTHING_LEFT = 2e-7;
    private static final double FLOAT_NOISE = 2e-7;
    private static final double RAISED = 1e-4;
    private static final double OUTSIDE = 1e-3;
    private static final int PROBE_STEPS = 4;

    private final Gram matrix;
    private final int rank;
    private final int n;
    private final int limit;
    private final Random random = new Random(0x6b6f696e65L);
    private final List<double[]> basis = new ArrayList<>();
    private final List<Chain> chains = new ArrayList<>();
    private final double[][] projected;
    private double largest;

    private static final class Chain {
        double[] open;
        double openNorm;
        double largestStep;
        int last;

        Chain(double[] start) {
            open = start;
            openNorm = 1;
        }

        boolean isExhausted() {
            return openNorm <= EXHAUSTED * largestStep;
        }
    }

    private Lanczos(Gram matrix, int rank) {
        this.matrix = matrix;
        this.rank = rank;
        this.n = matrix.columns();
        this.limit = Math.min(n, 8 * rank + 256);
        this.projected = new double[limit][limit];
    }

    /**
     * The best approximation of a matrix by one of the given rank.
     *
     * <p>The factors are balanced: component k has the same norm, the square root of its singular value, in both.
     *
     * @param a float32, row-major, shape {@code [rows, columns]}, all finite; not changed
     * @return factors of rank {@code min(rank, rows, columns)}, or lower if {@code a} has no more directions: 0 for a zero matrix.
     *     From rank {@code min(rows, columns)} on the product is {@code a} exactly
     * @throws IllegalArgumentException if sizes do not fit or an element is not finite
     */
    public static LowRank truncate(float[] a, int rows, int columns, int rank) {
        if (rank < 0 || rows < 0 || columns < 0 || (long) rows * columns != a.length) {
            throw new IllegalArgumentException(
                    "rank " + rank + " of " + a.length + " elements as [" + rows + ", " + columns + "]");
        }
        double norm = norm(a);
        if (!Double.isFinite(norm)) {
            throw new IllegalArgumentException("a matrix with non-finite elements");
        }
        if (norm == 0 || rank == 0) {
            return new LowRank(rows, columns, 0, new float[0], new float[0]);
        }
        if (rank >= Math.min(rows, columns)) {
            return whole(a, rows, columns);
        }
        int exponent = Math.getExponent(norm);
        Gram tall = Gram.tall(a, rows, columns, Math.scalb(1.0, -exponent));
        double[][] right = new Lanczos(tall, rank).leadingVectors();
        return factors(tall, right, rows < columns, exponent);
    }

    private static double norm(float[] a) {
        double sum = 0;
        for (float x : a) {
            sum += (double) x * x;
        }
        return Math.sqrt(sum);
    }

    private static LowRank whole(float[] a, int rows, int columns) {
        int side = Math.min(rows, columns);
        float[] identity = new float[side * side];
        for (int i = 0; i < side; i++) {
            identity[i * side + i] = 1;
        }
        float[] copy = a.clone();
        return rows <= columns
                ? new LowRank(rows, columns, side, identity, copy)
                : new LowRank(rows, columns, side, copy, identity);
    }

    private double[][] leadingVectors() {
        Chain chain = start();
        int steps = Math.min(limit, rank + 8);
        boolean probing = false;
        double[] settled = new double[rank];
        while (true) {
            for (int i = 0; i < steps && basis.size() < limit && (i == 0 || !chain.isExhausted()); i++) {
                grow(chain);
            }
            SymmetricEigen ritz = SymmetricEigen.of(projected, basis.size());
            if (basis.size() == limit || (probing && nothingLeft(chain))) {
                return combine(ritz);
            }
            Chain worst = furthestFromConverged(ritz);
            if (worst != null) {
                chain = worst;
                steps = Math.max(2, basis.size() / 8);
                probing = false;
                continue;
            }
            double[] leading = Arrays.copyOf(ritz.values(), rank);
            if (probing && !raised(leading, settled)) {
                return combine(ritz);
            }
            settled = leading;
            chain = start();
            steps = PROBE_STEPS;
            probing = true;
        }
    }

    private Chain start() {
        double[] v = new double[n];
        double norm = 0;
        while (norm < OUTSIDE) {
            Arrays.setAll(v, i -> random.nextGaussian());
            Vectors.normalise(v);
            norm = orthogonalise(v);
        }
        Chain chain = new Chain(v);
        chains.add(chain);
        return chain;
    }

    /** Moves the chain's open end into the basis and multiplies it. */
    private void grow(Chain chain) {
        double[] q = chain.open;
        Vectors.normalise(q);
        orthogonalise(q);
        Vectors.normalise(q);
        double[] w = new double[n];
        double energy = matrix.multiply(q, w);
        int at = basis.size();
        for (int i = 0; i < at; i++) {
            projected[i][at] = Vectors.dot(basis.get(i), w);
            projected[at][i] = projected[i][at];
        }
        projected[at][at] = energy;
        largest = Math.max(largest, energy);
        basis.add(q);
        chain.last = at;
        chain.open = w;
        chain.openNorm = orthogonalise(w);
        chain.largestStep = Math.max(chain.largestStep, Math.max(energy, chain.openNorm));
    }

    private boolean nothingLeft(Chain probe) {
        return probe.largestStep <= NOTHING_LEFT * NOTHING_LEFT * largest;
    }

    private @Nullable Chain furthestFromConverged(SymmetricEigen ritz) {
        int count = Math.min(rank, ritz.values().length);
        double top = ritz.values()[0];
        double worstExcess = 1;
        Chain worst = null;
        for (int i = 0; i < count; i++) {
            double allowed = Math.max(TOLERANCE * Math.sqrt(top * Math.max(ritz.values()[i], 0)), FLOAT_NOISE * top);
            for (Chain chain : chains) {
                double residual = chain.openNorm * Math.abs(ritz.vectors()[i][chain.last]);
                if (residual > worstExcess * allowed && !chain.isExhausted()) {
                    worstExcess = residual / allowed;
                    worst = chain;
                }
            }
        }
        return worst;
    }

    private static boolean raised(double[] now, double[] before) {
        for (int i = 0; i < now.length; i++) {
            if (now[i] - before[i] > RAISED * now[i]) {
                return true;
            }
        }
        return false;
    }

    private double[][] combine(SymmetricEigen ritz) {
        double[][] vectors = new double[Math.min(rank, basis.size())][n];
        for (int k = 0; k < vectors.length; k++) {
            for (int i = 0; i < basis.size(); i++) {
                Vectors.addScaled(vectors[k], ritz.vectors()[k][i], basis.get(i));
            }
            Vectors.normalise(vectors[k]);
        }
        return vectors;
    }

    /** Takes out of {@code w} what lies in the basis, twice; returns the norm of the rest. */
    private double orthogonalise(double[] w) {
        for (int pass = 0; pass < 2; pass++) {
            for (double[] q : basis) {
                Vectors.addScaled(w, -Vectors.dot(q, w), q);
            }
        }
        return Math.sqrt(Vectors.dot(w, w));
    }

    /** {@code D V} is diagonalised once more, unsquared in effect: its Gram matrix is summed in double. */
    private static LowRank factors(Gram tall, double[][] right, boolean transposed, int exponent) {
        double[][] left = new double[right.length][tall.rows()];
        for (int k = 0; k < right.length; k++) {
            tall.project(right[k], left[k]);
        }
        return RayleighRitz.of(right, left).factors(right.length, transposed, exponent);
    }
}
