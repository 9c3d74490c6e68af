/** Events on their way to and from Kafka: writing them, reading what became of them, their bundles. */
@NullMarked
package dev.koine.events;

import org.jspecify.annotations.NullMarked;
