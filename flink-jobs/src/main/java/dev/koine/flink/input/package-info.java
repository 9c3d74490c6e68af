/** What came from outside, read so that whoever is at fault is told: the input, or we. */
@NullMarked
package dev.koine.flink.input;

import org.jspecify.annotations.NullMarked;
