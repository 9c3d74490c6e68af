package dev.koine.lifecycle.gate;

import dev.koine.speech.evaluation.ErrorCounts;
import dev.koine.speech.evaluation.LanguageTask;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * What the models that were asked for last got wrong: a candidate's parent and {@link Yardsticks} are among them, unless the job has just
 * started. For several threads.
 */
final class RecentCounts {
    private static final int LEAST_MODELS = 16;

    /** Some twenty megabytes. */
    private static final long MOST_UTTERANCES = 1L << 19;

    private final int leastModels;
    private final long mostUtterances;
    private final Map<Key, SortedMap<LanguageTask, ErrorCounts>> counts = new LinkedHashMap<>(16, 0.75f, true);
    private long utterances;

    RecentCounts() {
        this(LEAST_MODELS, MOST_UTTERANCES);
    }

    /**
     * @param leastModels that are kept, however large
     * @param mostUtterances of all models, where there are more than these
     */
    RecentCounts(int leastModels, long mostUtterances) {
        this.leastModels = leastModels;
        this.mostUtterances = mostUtterances;
    }

    /**
     * What was evaluated, and on what.
     *
     * @param model digest of the bundle
     * @param sets digests of the evaluation sets
     * @param sample most utterances of each language and task
     * @param seed of the draw of those
     */
    record Key(String model, List<String> sets, int sample, long seed) {}

    synchronized @Nullable SortedMap<LanguageTask, ErrorCounts> get(Key key) {
        return counts.get(key);
    }

    synchronized void put(Key key, SortedMap<LanguageTask, ErrorCounts> found) {
        utterances += size(found) - size(counts.put(key, found));
        Iterator<SortedMap<LanguageTask, ErrorCounts>> eldest = counts.values().iterator();
        while (counts.size() > leastModels && utterances > mostUtterances) {
            utterances -= size(eldest.next());
            eldest.remove();
        }
    }

    private static long size(@Nullable SortedMap<LanguageTask, ErrorCounts> found) {
        return found == null
                ? 0
                : found.values().stream().mapToLong(ErrorCounts::utterances).sum();
    }
}
