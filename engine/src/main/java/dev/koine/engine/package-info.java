/** The merge engine: model files, task vectors, pruning, totals. Knows neither Flink nor Kafka. */
@API(status = API.Status.MAINTAINED)
@NullMarked
package dev.koine.engine;

import org.apiguardian.api.API;
import org.jspecify.annotations.NullMarked;
