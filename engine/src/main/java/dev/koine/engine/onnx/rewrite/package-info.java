/** Changes of a model's graph: what is to stand where, and the copy of the file that has it. */
@NullMarked
package dev.koine.engine.onnx.rewrite;

import org.jspecify.annotations.NullMarked;
