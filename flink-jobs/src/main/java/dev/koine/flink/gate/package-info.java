/** The quality gate: what a candidate has to hold before it becomes a version. Pure; evaluation is elsewhere. */
@NullMarked
package dev.koine.flink.gate;

import org.jspecify.annotations.NullMarked;
