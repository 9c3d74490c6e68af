/** A graph with its names resolved, and what it uses each tensor for. */
@NullMarked
package dev.koine.engine.onnx.wiring;

import org.jspecify.annotations.NullMarked;
