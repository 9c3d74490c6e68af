package dev.koine.engine.merge.total;

import dev.koine.engine.tensor.Run;
import java.util.ArrayList;
import java.util.List;

/**
 * Some elements of a base weight.
 *
 * @param weight its index among the base's weights
 * @param from the first element, row-major
 */
public record Range(int weight, long from, int count) {

    /** Cuts a weight into what threads take at a time. */
    static List<Range> parts(int weight, long numel) {
        List<Range> runs = new ArrayList<>();
        for (Run part : Run.cut(numel, Run.PART)) {
            runs.add(new Range(weight, part.from(), part.count()));
        }
        return runs;
    }
}
