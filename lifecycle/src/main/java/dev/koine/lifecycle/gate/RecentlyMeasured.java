package dev.koine.lifecycle.gate;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The models that were asked for last, by the digests of their bundles: a candidate's parent and {@link Yardsticks} are among them, unless
 * the job has just started, and so is a candidate that has the bytes of one of them. For several threads.
 */
final class RecentlyMeasured {
    private static final int LEAST_MODELS = 16;

    /** Some twenty megabytes. */
    private static final long MOST_UTTERANCES = 1L << 19;

    private final int leastModels;
    private final long mostUtterances;
    private final Map<Key, Measured> models = new LinkedHashMap<>(16, 0.75f, true);
    private long utterances;

    RecentlyMeasured() {
        this(LEAST_MODELS, MOST_UTTERANCES);
    }

    /**
     * @param leastModels that are kept, however large
     * @param mostUtterances of all models, where there are more than these
     */
    RecentlyMeasured(int leastModels, long mostUtterances) {
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

    synchronized @Nullable Measured get(Key key) {
        return models.get(key);
    }

    synchronized void put(Key key, Measured measured) {
        @Nullable Measured before = models.put(key, measured);
        utterances += measured.utterances() - (before == null ? 0 : before.utterances());
        Iterator<Measured> eldest = models.values().iterator();
        while (models.size() > leastModels && utterances > mostUtterances) {
            utterances -= eldest.next().utterances();
            eldest.remove();
        }
    }
}
