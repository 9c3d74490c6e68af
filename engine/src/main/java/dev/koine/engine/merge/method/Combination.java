package dev.koine.engine.merge.method;

/** How the task vectors of several experts become one merged delta. */
public enum Combination {
    /** They are added up. */
    SUM,
    /** Each entry gets the mean of those that agree with its elected sign (TIES-Merging, arXiv 2306.01708). */
    SIGN_ELECTION
}
