package dev.koine.engine.merge;

import dev.koine.engine.RejectedException;
import dev.koine.engine.taskvector.PrunedBlock;
import java.io.IOException;

/**
 * A run of elements of one base weight that a member brings.
 *
 * @param index of the weight among the base's weights
 * @param from the run's first element
 * @param values what its task vector says, before the member's factor
 */
public record Addition(int index, long from, PrunedBlock values) {

    /** What is done with an addition. */
    @FunctionalInterface
    interface Step {
        void take(Addition addition) throws RejectedException, IOException;
    }

    /** Some of a member's additions, which no other part shares an element with; the same ones in the same order each time. */
    @FunctionalInterface
    interface Part {
        void forEach(Step step) throws RejectedException, IOException;
    }
}
