package dev.koine.engine.taskvector;

/** How the delta of one tensor is compressed. */
public enum Policy {
    /**
     * Best rank-r part plus the largest entries of the rest (LoRS-Merging, arXiv 2502.17380v3), of matrices. A tensor that is none is
     * one row, and a row has full rank: it is kept whole, unless r is 0.
     */
    LORS,
    /** The largest entries alone. */
    SPARSE,
    /** The whole delta. */
    DENSE,
    /** Nothing: the base's weights stay. */
    FROZEN,
    /**
     * Best rank-r part alone. A tensor of more than two dimensions, such as a convolution's {@code [out, in, kernel]}, is the matrix
     * {@code [out, in * kernel]}; a vector is kept whole, unless r is 0.
     */
    LOW_RANK,
    /**
     * {@link #LOW_RANK} of bands of rows, each for itself: a large embedding never is in memory as a whole, and each band has a basis of
     * its own, so that no less is kept than of the whole matrix. One of few rows or columns is one band.
     */
    LOW_RANK_BANDS,
    /** Entries drawn at random, divided by the fraction that is kept (DARE, arXiv 2311.03099). */
    RANDOM
}
