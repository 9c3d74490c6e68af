/** Base and expert side by side: which tensor of the one is which of the other. */
@NullMarked
package dev.koine.engine.onnx.align;

import org.jspecify.annotations.NullMarked;
