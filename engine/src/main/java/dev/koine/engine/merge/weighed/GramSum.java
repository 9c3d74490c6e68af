package dev.koine.engine.merge.weighed;

import dev.koine.engine.linalg.LowRankSolver;
import dev.koine.engine.linalg.SymmetricSolver;
import dev.koine.engine.statistics.LowRankGram;
import java.util.List;

/**
 * The sum of some members' Grams of one layer input, and what solves with it.
 *
 * <p>It is no running total: with the few eigenvectors that each Gram has, solving with all of them one after the other takes less than a matrix would,
 * and what comes out is a function of the list alone.
 */
public final class GramSum {
    /**
     * Is added to the diagonal, times its mean: what the inputs of all members together hardly ever look like counts as nothing. The results of
     * {@code eval/REAL.md} hardly depend on it.
     */
    private static final double RIDGE = 1e-3;

    private GramSum() {}

    /**
     * A Gram and how much it counts.
     *
     * @param weight over 0
     */
    public record Term(LowRankGram gram, double weight) {}

    /**
     * What solves with the sum of the terms and the ridge.
     *
     * @param terms at least one, in an order that does not depend on that of their arrival; one at least not zero
     */
    public static SymmetricSolver solver(List<Term> terms) {
        int n = terms.get(0).gram().size();
        int rank = terms.stream().mapToInt(term -> term.gram().rank()).sum();
        double[] diagonal = new double[n];
        double[] rows = new double[rank * n];
        double mean = 0;
        int at = 0;
        for (Term term : terms) {
            LowRankGram gram = term.gram();
            double root = Math.sqrt(term.weight());
            for (int i = 0; i < n; i++) {
                diagonal[i] += term.weight() * gram.diagonal()[i];
            }
            for (float element : gram.factors()) {
                rows[at++] = root * element;
            }
            mean += term.weight() * gram.mean();
        }
        for (int i = 0; i < n; i++) {
            diagonal[i] += RIDGE * mean;
        }
        return LowRankSolver.of(diagonal, rows, rank);
    }
}
