package dev.koine.engine.tensor;

/** What the graph uses a weight for, as far as the merge recipe tells weights apart (LoRS-Merging prunes {@link #LINEAR}). */
public enum WeightRole {
    /** A matrix of an attention or MLP block: consumed by a MatMul or Gemm, and not tied to an embedding or the vocabulary. */
    LINEAR,
    /** A table that a Gather looks rows up in. */
    EMBEDDING,
    /** The projection to the vocabulary: tied to an embedding, or consumed by the MatMul or Gemm that produces a graph output. */
    VOCABULARY_PROJECTION,
    /**
     * The running variance of a normalization, or what else a root or a logarithm is taken of: merged like anything else, and kept in
     * its range when it is written.
     */
    VARIANCE,
    /** No weight but a setting of its node, such as a bound or an epsilon: equal in the base and in every expert. */
    SETTING,
    /** Anything else: convolutions, norms, biases, constants. */
    OTHER
}
