/** Broker, Flink cluster and store in one JVM, for trying Koine and for small sites. */
@NullMarked
package dev.koine.cli.embedded;

import org.jspecify.annotations.NullMarked;
