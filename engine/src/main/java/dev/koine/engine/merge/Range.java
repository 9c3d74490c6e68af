package dev.koine.engine.merge;

import java.util.ArrayList;
import java.util.List;

/**
 * Some elements of a base weight.
 *
 * @param weight its index among the base's weights
 * @param from the first element, row-major
 */
record Range(int weight, long from, int count) {

    /** Cuts a weight into runs of so many elements, the last one shorter. */
    static List<Range> runs(int weight, long numel, int run) {
        List<Range> runs = new ArrayList<>();
        for (long from = 0; from < numel; from += run) {
            runs.add(new Range(weight, from, (int) Math.min(run, numel - from)));
        }
        return runs;
    }
}
