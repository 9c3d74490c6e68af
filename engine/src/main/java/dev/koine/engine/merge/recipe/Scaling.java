package dev.koine.engine.merge.recipe;

/** Where the factor of a merged delta comes from. The names of the constants stand in events. */
public enum Scaling {
    /** The recipe says it. */
    FIXED,
    /** The recipe's factor divided by the number of experts inside. */
    PER_EXPERT,
    /** The merged delta becomes as long as the task vectors are on average: one number for the model. */
    NORM,
    /** From the angles between the task vectors, for each weight (Model Stock, arXiv 2403.19522). */
    MODEL_STOCK,
    /** The best of a few on the evaluation sets. */
    SEARCH
}
