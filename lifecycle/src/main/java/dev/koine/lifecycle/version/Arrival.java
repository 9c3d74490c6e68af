package dev.koine.lifecycle.version;

import dev.koine.schemas.Position;
import org.jspecify.annotations.Nullable;

/**
 * Where an event stands, and what came with it.
 *
 * @param bundleDigest of the base's or the expert's bundle in the store; null where the event has none
 */
public record Arrival(Position position, @Nullable String bundleDigest) {}
