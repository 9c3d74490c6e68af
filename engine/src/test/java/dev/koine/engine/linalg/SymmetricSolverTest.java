package dev.koine.engine.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** What is solved, multiplied with the matrix again, is what was asked. */
class SymmetricSolverTest {

    @Property(tries = 60)
    void solvesWithADiagonalAndALowRankMatrix(@ForAll long seed) {
        Random random = new Random(seed);
        int n = 1 + random.nextInt(40);
        int rank = random.nextInt(n + 10);
        int other = 1 + random.nextInt(150);
        double[] diagonal = random.doubles(n, 0.01, 2).toArray();
        double[] rows = random.doubles((long) rank * n, -1, 1).toArray();
        double[][] matrix = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                matrix[i][j] = i == j ? diagonal[i] : 0;
                for (int k = 0; k < rank; k++) {
                    matrix[i][j] += rows[k * n + i] * rows[k * n + j];
                }
            }
        }
        SymmetricSolver solver = LowRankSolver.of(diagonal, rows, rank);
        assertThat(solver.size()).isEqualTo(n);
        double[] asked = random.doubles((long) n * other, -1, 1).toArray();
        for (boolean isOfRows : new boolean[] {false, true}) {
            double[] solved = asked.clone();
            solver.solve(solved, other, isOfRows);
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < other; j++) {
                    double product = 0;
                    for (int k = 0; k < n; k++) {
                        product += matrix[i][k] * solved[isOfRows ? j * n + k : k * other + j];
                    }
                    assertThat(product).isCloseTo(asked[isOfRows ? j * n + i : i * other + j], within(1e-9));
                }
            }
        }
    }

    @Test
    void whatIsNotPositiveDefiniteHasNoFactor() {
        assertThat(Cholesky.of(new double[] {1, 2, 1}, 2)).isNull();
        assertThat(Cholesky.of(new double[] {1, 0, Double.NaN}, 2)).isNull();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LowRankSolver.of(new double[] {1, -1}, new double[] {0, 0}, 1));
    }

    /** Larger than what is decomposed as a whole, with a few large eigenvalues. */
    @Test
    void findsTheLeadingEigenvectors() {
        int n = 150;
        int rank = 5;
        Random random = new Random(7);
        double[][] given = new double[rank][n];
        for (int k = 0; k < rank; k++) {
            double scale = 10.0 / (k + 1);
            Arrays.setAll(given[k], i -> scale * random.nextGaussian());
        }
        double[] matrix = new double[n * n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                for (double[] vector : given) {
                    matrix[i * n + j] += vector[i] * vector[j];
                }
                matrix[i * n + j] += i == j ? 0.01 : 0;
            }
        }
        double[][] roots = LeadingEigenvectors.roots(matrix, n, rank);
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                double entry = 0;
                for (double[] root : roots) {
                    entry += root[i] * root[j];
                }
                assertThat(entry).isCloseTo(matrix[i * n + j], within(0.02));
            }
        }
    }
}
