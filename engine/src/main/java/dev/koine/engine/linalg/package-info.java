/** Truncated SVD and selection: the only place with numeric kernels. */
@NullMarked
package dev.koine.engine.linalg;

import org.jspecify.annotations.NullMarked;
