/** The merge job's settings, and how its arguments become them. */
@NullMarked
package dev.koine.flink.config;

import org.jspecify.annotations.NullMarked;
