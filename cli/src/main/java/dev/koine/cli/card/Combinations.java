package dev.koine.cli.card;

import dev.koine.schemas.CombineTerm;
import java.util.List;

/** Combinations of experts as people read them. */
final class Combinations {
    private Combinations() {}

    /** {@code 0.7 * es - 0.3 * ca}. */
    static String sum(List<CombineTerm> terms) {
        StringBuilder sum = new StringBuilder();
        for (CombineTerm term : terms) {
            double factor = term.getFactor();
            if (sum.length() > 0) {
                sum.append(factor < 0 ? " - " : " + ");
            } else if (factor < 0) {
                sum.append('-');
            }
            sum.append(Rates.number(Math.abs(factor))).append(" * ").append(term.getExpertId());
        }
        return sum.toString();
    }
}
