/** Sums of task vectors in integers, and the merged weights that they come to. */
@NullMarked
package dev.koine.engine.merge.total;

import org.jspecify.annotations.NullMarked;
