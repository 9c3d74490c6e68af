package dev.koine.beam.merge;

import dev.koine.engine.Input;
import dev.koine.engine.merge.prune.PruneTask;

/**
 * A task of one expert's pruning: one large matrix, or several small tensors.
 *
 * @param expert its name in this merge
 * @param place its folder
 * @param tasks how many there are of this expert
 */
record PlannedTask(String expert, String place, double weight, int tasks, PruneTask task) {
    Input input() {
        return Input.expert(expert, place);
    }
}
