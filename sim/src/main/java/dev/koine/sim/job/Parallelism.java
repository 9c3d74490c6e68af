package dev.koine.sim.job;

/**
 * How many subtasks there are.
 *
 * @param keyed of Intake and of Head
 * @param pruning of Prune
 */
record Parallelism(int keyed, int pruning) {
    /** The subtask that has a model. */
    int of(String modelId) {
        return Math.floorMod(modelId.hashCode(), keyed);
    }
}
