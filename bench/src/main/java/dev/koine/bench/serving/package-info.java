/** What asking a model costs: decoding itself, and what a Flink pipeline pays on top. */
@NullMarked
package dev.koine.bench.serving;

import org.jspecify.annotations.NullMarked;
