/** Events as they come from Kafka, and their decoding. */
@NullMarked
package dev.koine.flink.source;

import org.jspecify.annotations.NullMarked;
