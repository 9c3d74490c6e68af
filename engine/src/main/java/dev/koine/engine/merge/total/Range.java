package dev.koine.engine.merge.total;

import dev.koine.engine.tensor.Run;
import java.util.ArrayList;
import java.util.List;

/**
 * Some elements of a base weight.
 *
 * @param index of the weight among the base's weights
 * @param from the first element, row-major
 */
public record Range(int index, long from, int count) {

    /** Cuts a weight into what threads take at a time. */
    public static List<Range> parts(int index, long numel) {
        List<Range> runs = new ArrayList<>();
        for (Run part : Run.cut(numel, Run.PART)) {
            runs.add(new Range(index, part.from(), part.count()));
        }
        return runs;
    }
}
