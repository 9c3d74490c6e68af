package dev.koine.engine.onnx;

/** What the graph uses a weight for, as far as the merge recipe tells weights apart (LoRS-Merging prunes {@link #LINEAR}). */
public enum WeightRole {
    /** A matrix of an attention or MLP block: consumed by a MatMul or Gemm, and not tied to an embedding or the vocabulary. */
    LINEAR,
    /** A table that a Gather looks rows up in. */
    EMBEDDING,
    /** The projection to the vocabulary: tied to an embedding, or consumed by the MatMul or Gemm that produces a graph output. */
    VOCABULARY_PROJECTION,
    /** Anything else: convolutions, norms, biases, constants. */
    OTHER
}
