/** State of the lifecycle, kept in Flink's. */
@NullMarked
package dev.koine.flink.keyed;

import org.jspecify.annotations.NullMarked;
