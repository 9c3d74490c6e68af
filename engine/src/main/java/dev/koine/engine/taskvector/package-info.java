/** Pruning a weight delta to its compressed task vector, and the file that keeps it. */
@NullMarked
package dev.koine.engine.taskvector;

import org.jspecify.annotations.NullMarked;
