/** Finds whatever is wrong with an event before anything is computed, and cuts an expert into prune tasks. */
@NullMarked
package dev.koine.flink.intake;

import org.jspecify.annotations.NullMarked;
