/** The heavy, stateless part: prunes tensors in parallel. */
@NullMarked
package dev.koine.flink.prune;

import org.jspecify.annotations.NullMarked;
