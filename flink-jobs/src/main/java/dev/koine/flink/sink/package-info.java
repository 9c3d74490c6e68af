/** Updates and rejections on their way to Kafka. */
@NullMarked
package dev.koine.flink.sink;

import org.jspecify.annotations.NullMarked;
