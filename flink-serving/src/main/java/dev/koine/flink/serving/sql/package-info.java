/** Koine's models in Flink SQL: {@code 'provider' = 'koine'}. */
@NullMarked
package dev.koine.flink.serving.sql;

import org.jspecify.annotations.NullMarked;
