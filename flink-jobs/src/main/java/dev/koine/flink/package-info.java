/** The merge job: its graph, its configuration, its entry point. */
@NullMarked
package dev.koine.flink;

import org.jspecify.annotations.NullMarked;
