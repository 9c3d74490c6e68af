/** The lifecycle's metrics as Flink's. */
@NullMarked
package dev.koine.flink.metric;

import org.jspecify.annotations.NullMarked;
