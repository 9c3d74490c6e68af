/** Truncated SVD, selection, and the law of merging on a fixed-point grid: the only place with numeric kernels. */
@NullMarked
package dev.koine.engine.linalg;

import org.jspecify.annotations.NullMarked;
