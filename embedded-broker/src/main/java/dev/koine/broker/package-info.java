/** A real Kafka broker in this JVM, for the embedded mode and for tests. */
@NullMarked
package dev.koine.broker;

import org.jspecify.annotations.NullMarked;
