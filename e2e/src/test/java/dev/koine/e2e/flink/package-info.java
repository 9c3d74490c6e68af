/** The job on a Flink distribution as it is shipped. */
@NullMarked
package dev.koine.e2e.flink;

import org.jspecify.annotations.NullMarked;
