package dev.koine.lifecycle.gate;

import dev.koine.speech.evaluation.ErrorCounts;
import dev.koine.speech.evaluation.LanguageTask;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * What the models that were evaluated last got wrong: a candidate's parent is among them, unless the job has just started. For several
 * threads.
 */
final class RecentCounts {
    private static final int MOST = 16;

    private final Map<Key, SortedMap<LanguageTask, ErrorCounts>> counts = new LinkedHashMap<>(MOST, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, SortedMap<LanguageTask, ErrorCounts>> eldest) {
            return size() > MOST;
        }
    };

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
        counts.put(key, found);
    }
}
