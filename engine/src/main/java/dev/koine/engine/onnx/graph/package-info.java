/** A model file as it is stored: nodes, values, and where its tensors lie. */
@NullMarked
package dev.koine.engine.onnx.graph;

import org.jspecify.annotations.NullMarked;
