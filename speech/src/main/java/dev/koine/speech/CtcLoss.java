package dev.koine.speech;

import java.util.Arrays;
import java.util.List;

/**
 * The negative log-likelihood of a text under CTC, summed over all of its alignments by the forward recursion in log space and double
 * precision (Graves et al. 2006, "Connectionist Temporal Classification", equations 5 to 8).
 */
final class CtcLoss {
    private CtcLoss() {}

    /** The loss of one utterance; NONE where the tokens, with a blank between equal ones, need more steps than there are. */
    static Loss of(Logits logits, List<Integer> tokens, int blank) {
        int least = tokens.size();
        for (int i = 1; i < tokens.size(); i++) {
            least += tokens.get(i).equals(tokens.get(i - 1)) ? 1 : 0;
        }
        if (least > logits.steps() || logits.steps() == 0) {
            return Loss.NONE;
        }
        int highest = tokens.stream().mapToInt(Integer::intValue).max().orElse(0);
        logits.require(0, Math.max(highest, blank));
        int[] path = new int[2 * tokens.size() + 1];
        Arrays.fill(path, blank);
        for (int i = 0; i < tokens.size(); i++) {
            path[2 * i + 1] = tokens.get(i);
        }
        double[] alpha = new double[path.length];
        Arrays.fill(alpha, Double.NEGATIVE_INFINITY);
        alpha[0] = 0;
        for (int step = 0; step < logits.steps(); step++) {
            advance(alpha, path, blank, step == 0, logits, step);
        }
        double last = alpha[path.length - 1];
        return new Loss(-(path.length == 1 ? last : add(last, alpha[path.length - 2])), 1);
    }

    /** In place, from the end: a state takes only from itself and from those before it. */
    private static void advance(double[] alpha, int[] path, int blank, boolean first, Logits logits, int step) {
        double normalizer = logits.normalizer(step);
        for (int s = path.length - 1; s >= 0; s--) {
            double reached = first && s > 1 ? Double.NEGATIVE_INFINITY : alpha[s];
            if (s > 0) {
                reached = add(reached, alpha[s - 1]);
            }
            if (!first && s > 1 && path[s] != blank && path[s] != path[s - 2]) {
                reached = add(reached, alpha[s - 2]);
            }
            alpha[s] = reached + logits.at(step, path[s]) - normalizer;
        }
    }

    private static double add(double a, double b) {
        double high = Math.max(a, b);
        return high == Double.NEGATIVE_INFINITY ? high : high + Math.log1p(Math.exp(Math.min(a, b) - high));
    }
}
