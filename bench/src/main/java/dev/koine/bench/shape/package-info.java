/** Models of real shapes to merge. */
@NullMarked
package dev.koine.bench.shape;

import org.jspecify.annotations.NullMarked;
