package dev.koine.engine.taskvector;

/** How the delta of one tensor is compressed. */
public enum Policy {
    /** Best rank-r part plus the largest entries of the rest (LoRS-Merging, arXiv 2502.17380v3); matrices only. */
    LORS,
    /** The largest entries alone. */
    SPARSE,
    /** The whole delta. */
    DENSE,
    /** Nothing: the base's weights stay. */
    FROZEN
}
