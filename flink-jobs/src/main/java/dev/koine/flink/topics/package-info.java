/** The job's topics: made where they are missing, and looked at. */
@NullMarked
package dev.koine.flink.topics;

import org.jspecify.annotations.NullMarked;
