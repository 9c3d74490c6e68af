/** The merge job as Flink runs it, with topics as Kafka has them, one step at a time. */
@NullMarked
package dev.koine.sim.job;

import org.jspecify.annotations.NullMarked;
