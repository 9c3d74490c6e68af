/** What bench/run measures, and how it is told. */
@NullMarked
package dev.koine.bench;

import org.jspecify.annotations.NullMarked;
