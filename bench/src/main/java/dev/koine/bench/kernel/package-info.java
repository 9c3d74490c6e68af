/** Times of the engine's kernels, one by one, with JMH. */
@NullMarked
package dev.koine.bench.kernel;

import org.jspecify.annotations.NullMarked;
