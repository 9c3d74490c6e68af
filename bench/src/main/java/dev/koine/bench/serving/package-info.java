/** What a Flink pipeline pays for asking a model. */
@NullMarked
package dev.koine.bench.serving;

import org.jspecify.annotations.NullMarked;
