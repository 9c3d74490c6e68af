/** Reads a model bundle as an index of tensors, aligns two bundles by graph position, writes a bundle back. */
@NullMarked
package dev.koine.engine.onnx;

import org.jspecify.annotations.NullMarked;
