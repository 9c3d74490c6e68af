/** Between the events' words and the engine's. */
@NullMarked
package dev.koine.subscriber.events;

import org.jspecify.annotations.NullMarked;
