/** What the store has to keep: the records of versions and of running merges, and taking away what none of them refers to. */
@NullMarked
package dev.koine.flink.store;

import org.jspecify.annotations.NullMarked;
