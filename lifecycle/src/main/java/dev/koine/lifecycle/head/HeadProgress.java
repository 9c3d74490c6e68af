package dev.koine.lifecycle.head;

import dev.koine.flink.state.Turn;
import dev.koine.schemas.ModelUpdate;
import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How far {@link Head} has come with a model.
 *
 * @param newest the newest version; null before version 0
 * @param next the turn that is due
 * @param waiting how many turns have come, from the one that is due on, without a gap
 * @param due the first of these; null if there is none
 */
record HeadProgress(
        @Nullable ModelUpdate newest,
        long next,
        long waiting,
        @Nullable Turn due) {

    /**
     * That of the current model.
     *
     * @param last a turn that has come, as far as the caller knows; those after it are looked for one by one
     */
    static HeadProgress of(Head.State state, long last) throws IOException {
        long next = Objects.requireNonNullElse(state.nextSequence().get(), 0L);
        long end = Math.max(next, last + 1);
        while (state.turns().get(end) != null) {
            end++;
        }
        return new HeadProgress(
                state.head().get(), next, end - next, state.turns().get(next));
    }

    /** The last turn that has come without a gap before it. */
    long last() {
        return next + waiting - 1;
    }
}
