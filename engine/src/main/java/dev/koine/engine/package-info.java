/** The merge engine: model files, task vectors, pruning, totals. Knows neither Flink nor Kafka. */
@NullMarked
package dev.koine.engine;

import org.jspecify.annotations.NullMarked;
