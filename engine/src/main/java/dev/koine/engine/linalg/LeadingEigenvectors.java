package dev.koine.engine.linalg;

import java.util.Random;

/**
 * The leading eigenvectors of a symmetric positive semidefinite matrix, in double: subspace iteration from a fixed seed, then Rayleigh-Ritz
 * (Golub and Van Loan, Matrix Computations, 8.2.4). Those whose eigenvalues hardly differ from what is left out are approximate.
 */
public final class LeadingEigenvectors {
    private static final int BEYOND = 16;
    private static final int ITERATIONS = 6;
    private static final int SMALL = 96;

    private LeadingEigenvectors() {}

    /**
     * Roots of the leading part: rows {@code f_k = sqrt(lambda_k) e_k}, the largest eigenvalue first, so that {@code F^T F} is that part.
     *
     * @param matrix {@code [n, n]}, row-major
     * @param rank how many, at most n; eigenvalues that are not positive have rows of zeros
     * @return {@code [rank, n]}
     */
    public static double[][] roots(double[] matrix, int n, int rank) {
        if (n <= SMALL) {
            double[][] rows = new double[n][n];
            for (int i = 0; i < n; i++) {
                System.arraycopy(matrix, i * n, rows[i], 0, n);
            }
            SymmetricEigen eigen = SymmetricEigen.of(rows, n);
            return roots(eigen.values(), eigen.vectors(), rank, n);
        }
        int width = Math.min(n, rank + BEYOND);
        Random random = new Random(0x6b6f696e65L);
        double[][] basis = new double[width][n];
        for (double[] vector : basis) {
            for (int i = 0; i < n; i++) {
                vector[i] = random.nextGaussian();
            }
        }
        orthonormalise(basis);
        for (int iteration = 0; iteration < ITERATIONS; iteration++) {
            basis = times(basis, matrix, n);
            orthonormalise(basis);
        }
        double[][] images = times(basis, matrix, n);
        double[][] projected = new double[width][width];
        for (int i = 0; i < width; i++) {
            for (int j = 0; j <= i; j++) {
                projected[i][j] = dot(basis[i], images[j]);
                projected[j][i] = projected[i][j];
            }
        }
        SymmetricEigen ritz = SymmetricEigen.of(projected, width);
        double[][] vectors = new double[rank][n];
        for (int k = 0; k < rank; k++) {
            for (int i = 0; i < width; i++) {
                add(vectors[k], basis[i], ritz.vectors()[k][i]);
            }
        }
        return roots(ritz.values(), vectors, rank, n);
    }

    private static double[][] roots(double[] values, double[][] vectors, int rank, int n) {
        double[][] roots = new double[rank][n];
        for (int k = 0; k < rank; k++) {
            add(roots[k], vectors[k], Math.sqrt(Math.max(0, values[k])));
        }
        return roots;
    }

    /** Each vector times the matrix. */
    private static double[][] times(double[][] vectors, double[] matrix, int n) {
        double[][] images = new double[vectors.length][n];
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < vectors.length; k++) {
                double factor = vectors[k][i];
                double[] image = images[k];
                for (int j = 0; j < n; j++) {
                    image[j] += factor * matrix[i * n + j];
                }
            }
        }
        return images;
    }

    /** Gram and Schmidt's, twice; a vector that the others span becomes zero. */
    private static void orthonormalise(double[][] vectors) {
        for (int k = 0; k < vectors.length; k++) {
            double before = Math.sqrt(dot(vectors[k], vectors[k]));
            for (int twice = 0; twice < 2; twice++) {
                for (int i = 0; i < k; i++) {
                    add(vectors[k], vectors[i], -dot(vectors[i], vectors[k]));
                }
            }
            double norm = Math.sqrt(dot(vectors[k], vectors[k]));
            double factor = norm > 1e-12 * before ? 1 / norm : 0;
            for (int i = 0; i < vectors[k].length; i++) {
                vectors[k][i] *= factor;
            }
        }
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static void add(double[] target, double[] source, double factor) {
        for (int i = 0; i < target.length; i++) {
            target[i] += factor * source[i];
        }
    }
}
