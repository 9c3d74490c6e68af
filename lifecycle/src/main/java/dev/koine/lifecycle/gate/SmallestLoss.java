package dev.koine.lifecycle.gate;

import dev.koine.schemas.GatePolicy;
import dev.koine.speech.Loss;
import dev.koine.speech.Task;
import dev.koine.speech.evaluation.EvaluationSet;
import dev.koine.speech.evaluation.LanguageTask;
import dev.koine.speech.evaluation.Score;
import dev.koine.speech.evaluation.TextNormalizer;
import dev.koine.speech.evaluation.Utterance;
import java.util.ArrayList;
import java.util.List;

/**
 * The smallest loss in a language that the gate sees more often than not, for transcription: what is under it is more likely to pass.
 *
 * <p>A candidate that gets each word wrong with probability d, all of which its parent gets right, has a growth with the standard error
 * sqrt(d (1 - d) / words). It is refused where d, less the quantile of the confidence times that, is beyond the limit. Errors of real
 * models go together, so that the gate sees a little less than this.
 *
 * @param words of the references
 * @param loss of the word error rate, 0 to 1
 */
public record SmallestLoss(LanguageTask what, int utterances, long words, double loss) {
    /** Beyond the limit, what makes a set too small to rely on. */
    private static final double TOO_FAR_BEYOND = 0.1;

    private static final int HALVINGS = 40;

    /**
     * Those of a set as it is evaluated.
     *
     * @param set that was drawn already
     */
    public static List<SmallestLoss> of(EvaluationSet set, GatePolicy policy) {
        List<SmallestLoss> found = new ArrayList<>();
        set.byLanguageTask().forEach((what, utterances) -> {
            if (what.task() == Task.TRANSCRIBE) {
                long words = words(utterances);
                found.add(new SmallestLoss(what, utterances.size(), words, loss(words, policy)));
            }
        });
        return found;
    }

    /** Whether it lies so far beyond the limit that the set is no gate for this language. */
    public boolean isBlind(GatePolicy policy) {
        return loss > policy.getMaxRegression() + TOO_FAR_BEYOND;
    }

    private static long words(List<Utterance> utterances) {
        return utterances.stream()
                .mapToLong(one -> Score.of(one.text(), "", Loss.NONE, TextNormalizer.BASIC)
                        .words()
                        .length())
                .sum();
    }

    private static double loss(long words, GatePolicy policy) {
        double limit = policy.getMaxRegression();
        if (policy.getConfidence() == 0 || limit >= 1) {
            return limit;
        }
        double quantile = quantile(policy.getConfidence());
        double low = limit;
        double high = 1;
        for (int i = 0; i < HALVINGS; i++) {
            double middle = (low + high) / 2;
            boolean isSeen = middle - quantile * Math.sqrt(middle * (1 - middle) / words) > limit;
            low = isSeen ? low : middle;
            high = isSeen ? middle : high;
        }
        return high;
    }

    /**
     * Of the standard normal distribution, within 4.5e-4: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.23.
     *
     * @param confidence 0.5 to below 1
     */
    private static double quantile(double confidence) {
        double t = Math.sqrt(-2 * Math.log(1 - confidence));
        double above = 2.515517 + t * (0.802853 + t * 0.010328);
        double below = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308));
        return t - above / below;
    }
}
