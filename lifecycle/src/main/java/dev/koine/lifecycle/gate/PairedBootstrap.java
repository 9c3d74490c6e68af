package dev.koine.lifecycle.gate;

import dev.koine.schemas.Interval;
import dev.koine.speech.evaluation.ErrorCounts;
import dev.koine.speech.evaluation.LanguageTask;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * How much of the growth of errors, from one model to another, may be the luck of which utterances were drawn: paired bootstrap
 * resampling, as by Koehn (EMNLP 2004) for BLEU and by Bisani and Ney (ICASSP 2004) for word error rates.
 *
 * <p>As many utterances as there are, are drawn with replacement, {@value #DRAWS} times, and the growth of the error is computed of each
 * draw. Both models get the same draw, since what is hard for one is hard for the other; so do the tasks of a language, which share
 * their recordings. Deterministic, given the seed.
 */
final class PairedBootstrap {
    private static final int DRAWS = 1000;

    private final SortedMap<LanguageTask, double[]> growths = new TreeMap<>();

    /** Compares what both models could be evaluated on. */
    PairedBootstrap(Map<LanguageTask, ErrorCounts> before, Map<LanguageTask, ErrorCounts> after, long seed) {
        after.forEach((what, counts) -> {
            @Nullable ErrorCounts counterpart = before.get(what);
            if (counterpart != null && counterpart.utterances() == counts.utterances()) {
                growths.put(what, growths(counterpart, counts, random(seed, what)));
            }
        });
    }

    private static SplittableRandom random(long seed, LanguageTask what) {
        return new SplittableRandom(31 * seed + what.language().hashCode());
    }

    private static double[] growths(ErrorCounts before, ErrorCounts after, SplittableRandom random) {
        double[] growths = new double[DRAWS];
        int[] drawn = new int[after.utterances()];
        for (int draw = 0; draw < DRAWS; draw++) {
            Arrays.setAll(drawn, i -> random.nextInt(drawn.length));
            growths[draw] = after.error(drawn) - before.error(drawn);
        }
        return growths;
    }

    /**
     * Where the mean growth of some errors lies.
     *
     * @param confidence that each bound holds with, 0.5 to below 1
     * @return null if none of them was compared
     */
    @Nullable
    Interval mean(Collection<LanguageTask> what, double confidence) {
        List<double[]> compared =
                what.stream().map(growths::get).filter(Objects::nonNull).toList();
        double[] means = new double[DRAWS];
        for (double[] one : compared) {
            Arrays.setAll(means, draw -> means[draw] + one[draw] / compared.size());
        }
        double[] sorted = Arrays.stream(means).filter(Double::isFinite).sorted().toArray();
        if (compared.isEmpty() || sorted.length == 0) {
            return null;
        }
        int below = (int) ((1 - confidence) * sorted.length);
        return new Interval(sorted[below], sorted[sorted.length - 1 - below]);
    }
}
