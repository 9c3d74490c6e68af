/** Bundles of ONNX models: opened, refused where they cannot be merged, and written again with other weights. */
@NullMarked
package dev.koine.engine.onnx;

import org.jspecify.annotations.NullMarked;
