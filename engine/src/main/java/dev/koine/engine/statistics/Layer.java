package dev.koine.engine.statistics;

import dev.koine.engine.tensor.Weight;

/**
 * A weight that multiplies the activations of a {@link LayerInput}.
 *
 * @param isOutputFirst whether its tensor is [out, in...], as of a Gemm with {@code transB} and of a Conv, and not [in, out]
 */
public record Layer(Weight weight, boolean isOutputFirst) {}
