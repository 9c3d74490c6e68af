/** One tensor in a file, whatever the file's format: where it lies, its element type, and its elements as float32. */
@NullMarked
package dev.koine.engine.tensor;

import org.jspecify.annotations.NullMarked;
