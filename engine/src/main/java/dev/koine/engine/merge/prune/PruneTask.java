package dev.koine.engine.merge.prune;

import java.util.List;

/**
 * What one worker prunes at a time: one large matrix, or several small tensors. Its result is one piece of a task vector.
 *
 * @param index position of the piece in the task vector, from 0
 */
public record PruneTask(int index, List<PruneItem> items) {
    public PruneTask {
        items = List.copyOf(items);
    }
}
