/** Between events and the engine's own values. */
@NullMarked
package dev.koine.flink.events;

import org.jspecify.annotations.NullMarked;
