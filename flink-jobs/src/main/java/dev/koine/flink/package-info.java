/** The merge job: its graph and its entry point. */
@NullMarked
package dev.koine.flink;

import org.jspecify.annotations.NullMarked;
