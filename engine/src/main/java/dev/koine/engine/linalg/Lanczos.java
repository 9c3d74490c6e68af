package dev.koine.engine.linalg;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * The truncated singular value decomposition of one weight delta.
 *
 * <p>A Krylov space of {@code D^T D} is grown one vector at a time with full
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
    /** Residual that a leading pair may have, beside the geometric mean of the largest eigenvalue and its own. */
    private static final double TOLERANCE = 1e-5;
    /** An open end this small beside the chain's largest step is rounding: another step would normalise noise. */
    private static final double EXHAUSTED = 1e-5;
    /** About the distance between two float32 values: singular values this small beside the largest cannot be told from none. */
    private static final double NOTHING_LEFT = 2e-7;
    /** Images are float32, so no residual falls below this beside the largest eigenvalue; without it, small pairs never converge. */
    private static final double FLOAT_NOISE = 2e-7;
    /** What a probe raises by less was interchangeable before. */
    private static final double RAISED = 1e-4;
    /** Each check decomposes the projected matrix, so the basis grows by a sixth between two of them. */
    private static final int STEPS_PER_CHECK = 6;
    /** Of the largest energy: what is less is zero in exact arithmetic, and zeros keep the projected matrix nearly tridiagonal. */
    private static final double ROUNDING = 1e-13;
    /** A fresh vector of which less is outside of the basis has lost its direction to rounding; another is drawn. */
    private static final double OUTSIDE = 1e-3;
    /** One step sees that a copy of a singular value is there, the next ones sharpen it enough to raise a leading value. */
    private static final int PROBE_STEPS = 4;
    /** Elements within these powers of two are not scaled: their products stay inside of float32's range. */
    private static final int SAFE_EXPONENT = 20;

    private final Gram matrix;
    private final int rank;
    private final int n;
    private final int limit;
    private final Random random = new Random(0x6b6f696e65L);
    private final List<float[]> images = new ArrayList<>();
    private final List<Chain> chains = new ArrayList<>();
    private final Basis basis;
    private double[][] projected = new double[0][0];
    private double largest;

    private static final class Chain {
        double[] open;
        double openNorm;
        double largestStep;
        int last;
        int orthogonalTo;

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
        this.basis = new Basis(n);
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
        return truncate(a, rows, columns, rank, Kernels.fastest());
    }

    static LowRank truncate(float[] a, int rows, int columns, int rank, Kernels kernels) {
        if (rank < 0 || rows < 0 || columns < 0 || (long) rows * columns != a.length) {
            throw new IllegalArgumentException(
                    "rank " + rank + " of " + a.length + " elements as [" + rows + ", " + columns + "]");
        }
        float largest = kernels.largest(a, 0, a.length);
        if (!Float.isFinite(largest)) {
            throw new IllegalArgumentException("a matrix with non-finite elements");
        }
        if (largest == 0 || rank == 0) {
            return new LowRank(rows, columns, 0, new float[0], new float[0]);
        }
        if (rank >= Math.min(rows, columns)) {
            return whole(a, rows, columns);
        }
        int exponent = Math.getExponent(largest);
        if (Math.abs(exponent) <= SAFE_EXPONENT) {
            exponent = 0;
        }
        Gram gram = new Gram(exponent == 0 ? a : scaled(a, -exponent), rows, columns, kernels);
        Lanczos lanczos = new Lanczos(gram, rank);
        return lanczos.factors(lanczos.leadingPairs(), exponent);
    }

    private static float[] scaled(float[] a, int exponent) {
        float[] scaled = new float[a.length];
        for (int i = 0; i < a.length; i++) {
            scaled[i] = (float) Math.scalb((double) a[i], exponent);
        }
        return scaled;
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

    private SymmetricEigen leadingPairs() {
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
                return ritz;
            }
            Chain worst = furthestFromConverged(ritz);
            if (worst != null) {
                chain = worst;
                steps = Math.max(2, basis.size() / STEPS_PER_CHECK);
                probing = false;
                continue;
            }
            double[] leading = Arrays.copyOf(ritz.values(), rank);
            if (probing && !raised(leading, settled)) {
                return ritz;
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
            basis.remove(v);
            basis.remove(v);
            norm = Vectors.norm(v);
        }
        Chain chain = new Chain(v);
        chain.orthogonalTo = basis.size();
        chains.add(chain);
        return chain;
    }

    /** Moves the chain's open end into the basis and multiplies it. */
    private void grow(Chain chain) {
        double[] q = chain.open;
        Vectors.normalise(q);
        if (chain.orthogonalTo < basis.size()) {
            basis.remove(q);
            basis.remove(q);
            Vectors.normalise(q);
        }
        double[] w = new double[n];
        float[] image = matrix.multiply(q, w);
        double energy = 0;
        for (float t : image) {
            energy += (double) t * t;
        }
        largest = Math.max(largest, energy);
        basis.append(q);
        images.add(image);
        chain.last = basis.size() - 1;
        chain.open = w;
        project(basis.remove(w), chain.last, energy);
        basis.remove(w);
        chain.openNorm = Vectors.norm(w);
        chain.orthogonalTo = basis.size();
        chain.largestStep = Math.max(chain.largestStep, Math.max(energy, chain.openNorm));
    }

    /** Row and column {@code last} of the projected matrix, which is tridiagonal but for rounding as long as there is one chain. */
    private void project(double[] coefficients, int last, double energy) {
        if (last == projected.length) {
            double[][] larger = new double[2 * last + 32][2 * last + 32];
            for (int i = 0; i < last; i++) {
                System.arraycopy(projected[i], 0, larger[i], 0, last);
            }
            projected = larger;
        }
        for (int i = 0; i < last; i++) {
            boolean isRounding = Math.abs(coefficients[i]) <= ROUNDING * largest;
            projected[i][last] = isRounding ? 0 : coefficients[i];
            projected[last][i] = projected[i][last];
        }
        projected[last][last] = energy;
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

    /**
     * Ritz vectors {@code V} and their images {@code D V}, which are sums of the images of the basis. {@code D V} is diagonalised once
     * more, unsquared in effect.
     */
    private LowRank factors(SymmetricEigen ritz, int exponent) {
        int r = Math.min(rank, basis.size());
        double[][] right = new double[r][];
        double[][] left = new double[r][matrix.rows()];
        for (int k = 0; k < r; k++) {
            double[] coefficients = ritz.vectors()[k];
            right[k] = basis.combine(coefficients);
            double unit = 1 / Vectors.norm(right[k]);
            Vectors.scale(right[k], unit);
            for (int i = 0; i < basis.size(); i++) {
                Vectors.addScaled(left[k], unit * coefficients[i], images.get(i));
            }
        }
        return RayleighRitz.of(right, left).factors(rank, false, exponent);
    }
}
