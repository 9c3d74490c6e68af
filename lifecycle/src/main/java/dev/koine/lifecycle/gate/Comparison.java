package dev.koine.lifecycle.gate;

import dev.koine.schemas.Interval;
import dev.koine.schemas.LanguageScore;
import dev.koine.speech.Task;
import dev.koine.speech.evaluation.ErrorCounts;
import dev.koine.speech.evaluation.LanguageTask;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A candidate beside its parent.
 *
 * @param scores each with its standing and, where there is a parent, what that had
 * @param inside where the growth of the mean error lies, over the languages that are {@link Standing#INSIDE}; null if only its measured
 *     value is known
 * @param added the same of those that are {@link Standing#NEW}
 */
public record Comparison(
        List<LanguageScore> scores,
        @Nullable Interval inside,
        @Nullable Interval added) {
    public Comparison {
        scores = List.copyOf(scores);
    }

    /** As measured, as if there were no other utterances. */
    public static Comparison measured(List<LanguageScore> scores) {
        return new Comparison(scores, null, null);
    }

    /**
     * With the {@linkplain PairedBootstrap intervals} that growths lie in; scores get theirs.
     *
     * @param before what the parent got wrong
     * @param after what the candidate got wrong
     * @param confidence that each bound holds with, 0.5 to below 1
     * @param seed of the draws
     */
    public static Comparison resampled(
            List<LanguageScore> scores,
            Map<LanguageTask, ErrorCounts> before,
            Map<LanguageTask, ErrorCounts> after,
            double confidence,
            long seed) {
        PairedBootstrap bootstrap = new PairedBootstrap(before, after, seed);
        scores.forEach(score -> score.setGrowth(bootstrap.mean(List.of(what(score)), confidence)));
        return new Comparison(
                scores,
                bootstrap.mean(those(scores, Standing.INSIDE), confidence),
                bootstrap.mean(those(scores, Standing.NEW), confidence));
    }

    private static List<LanguageTask> those(List<LanguageScore> scores, Standing standing) {
        return scores.stream()
                .filter(score -> score.getStanding().equals(standing.name()))
                .map(Comparison::what)
                .toList();
    }

    private static LanguageTask what(LanguageScore score) {
        return new LanguageTask(score.getLanguage(), Task.valueOf(score.getTask()));
    }
}
