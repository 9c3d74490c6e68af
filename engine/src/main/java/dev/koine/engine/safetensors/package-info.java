/** Reads and writes the safetensors container: task vectors, evaluation sets, checkpoints. */
@NullMarked
package dev.koine.engine.safetensors;

import org.jspecify.annotations.NullMarked;
