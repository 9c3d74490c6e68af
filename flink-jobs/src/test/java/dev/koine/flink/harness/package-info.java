/** What the tests of the job run it with: a broker, a cluster and a store in this JVM, recordings, models gone wrong. */
@NullMarked
package dev.koine.flink.harness;

import org.jspecify.annotations.NullMarked;
