/** Decompositions on ONNX Runtime: the GPU's way to the low-rank part of a task vector. */
@NullMarked
package dev.koine.accelerator;

import org.jspecify.annotations.NullMarked;
