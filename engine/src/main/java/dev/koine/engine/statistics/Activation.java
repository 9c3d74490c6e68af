package dev.koine.engine.statistics;

import dev.koine.engine.onnx.wiring.Window;
import java.util.Optional;

/**
 * Where a base computes a {@link LayerInput}.
 *
 * @param file the model file
 * @param value the name of the value in its outermost graph; [..., size], or [batch, channels, length...] under a window
 * @param window of the convolutions that read it; empty for products of matrices
 */
public record Activation(LayerInput input, String file, String value, Optional<Window> window) {}
