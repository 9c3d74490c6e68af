package dev.koine.engine.linalg;

/**
 * What a subspace knows of the leading singular values and vectors of a matrix {@code D} (Rayleigh-Ritz; Golub and Van Loan,
 * Matrix Computations, 8.1): the eigenpairs of {@code H = (D Q)^T (D Q)}, summed in double, where the columns of {@code Q} are an
 * orthonormal basis of the subspace. That is the best there is within the subspace.
 */
public final class RayleighRitz {
    private static final double NOTHING_LEFT = 2e-7;

    private final double[][] basis;
    private final double[][] images;
    private final double[][] gram;
    private final SymmetricEigen eigen;

    private RayleighRitz(double[][] basis, double[][] images, double[][] gram) {
        this.basis = basis;
        this.images = images;
        this.gram = gram;
        this.eigen = SymmetricEigen.of(gram, gram.length);
    }

    /**
     * Solves the projected eigenproblem.
     *
     * @param basis orthonormal vectors, shape {@code [k, columns]}, at least one; kept, not copied
     * @param images {@code D} times each of them, shape {@code [k, rows]}; kept, not copied
     */
    public static RayleighRitz of(double[][] basis, double[][] images) {
        int size = basis.length;
        double[][] gram = new double[size][size];
        for (int k = 0; k < size; k++) {
            for (int i = 0; i <= k; i++) {
                gram[i][k] = Vectors.dot(images[i], images[k]);
                gram[k][i] = gram[i][k];
            }
        }
        return new RayleighRitz(basis, images, gram);
    }

    /** Approximations of the squared singular values of {@code D}, from below, largest first. */
    public double[] values() {
        return eigen.values().clone();
    }

    /** The same from the first {@code size} vectors of the basis alone. */
    public double[] values(int size) {
        return SymmetricEigen.of(gram, size).values();
    }

    /** How much vector {@code vector} of the basis has in the unit Ritz vector {@code pair}: its coefficient. */
    public double coefficient(int pair, int vector) {
        return eigen.vectors()[pair][vector];
    }

    /**
     * The best approximation of {@code D} within the subspace. The factors are balanced: component k has the same norm, the square
     * root of its singular value, in both.
     *
     * @param rank of the factors; theirs is lower if the subspace has fewer directions that {@code D} does not send to nothing
     * @param transposed gives the factors of the transpose of {@code D} instead
     * @param exponent the factors are those of {@code D} times 2 to this power
     */
    public LowRank factors(int rank, boolean transposed, int exponent) {
        double floor = NOTHING_LEFT * NOTHING_LEFT * eigen.values()[0];
        int kept = 0;
        while (kept < Math.min(rank, basis.length) && eigen.values()[kept] > floor) {
            kept++;
        }
        double[][] x = new double[kept][];
        double[][] y = new double[kept][];
        for (int k = 0; k < kept; k++) {
            double sigma = Math.sqrt(eigen.values()[k]);
            double unit = Math.sqrt(Math.scalb(sigma, exponent));
            x[k] = rotated(images, eigen.vectors()[k], unit / sigma);
            y[k] = rotated(basis, eigen.vectors()[k], unit);
        }
        double[][] u = transposed ? y : x;
        double[][] v = transposed ? x : y;
        int rows = (transposed ? basis : images)[0].length;
        int columns = (transposed ? images : basis)[0].length;
        float[] us = new float[rows * kept];
        float[] vs = new float[kept * columns];
        for (int k = 0; k < kept; k++) {
            for (int i = 0; i < rows; i++) {
                us[i * kept + k] = (float) u[k][i];
            }
            for (int j = 0; j < columns; j++) {
                vs[k * columns + j] = (float) v[k][j];
            }
        }
        return new LowRank(rows, columns, kept, us, vs);
    }

    private static double[] rotated(double[][] vectors, double[] coefficients, double scale) {
        double[] sum = new double[vectors[0].length];
        for (int i = 0; i < vectors.length; i++) {
            Vectors.addScaled(sum, scale * coefficients[i], vectors[i]);
        }
        return sum;
    }
}
