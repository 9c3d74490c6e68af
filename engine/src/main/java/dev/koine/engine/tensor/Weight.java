package dev.koine.engine.tensor;

/**
 * A mergeable tensor of a base bundle, identified by where the graph uses it.
 *
 * @param key {@code <model file>/<initializer>}, with the path of the subgraph in between where it lies in one; unique in its
 *     bundle and stable for one base bundle
 * @param tensor where its elements lie
 * @param position {@code <model file>:<node>:<input index>} of its first use, for messages and for the recipe's patterns
 */
public record Weight(String key, TensorInfo tensor, String position, WeightRole role) {}
