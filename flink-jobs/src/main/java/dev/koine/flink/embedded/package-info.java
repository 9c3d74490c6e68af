/** The merge job on a Flink cluster inside this JVM. */
@NullMarked
package dev.koine.flink.embedded;

import org.jspecify.annotations.NullMarked;
