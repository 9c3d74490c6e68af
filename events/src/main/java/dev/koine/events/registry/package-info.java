/** How events lie in Kafka records: by themselves, or with a schema registry's header. */
@NullMarked
package dev.koine.events.registry;

import org.jspecify.annotations.NullMarked;
