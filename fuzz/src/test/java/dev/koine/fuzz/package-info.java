/**
 * Fuzz targets, one for each kind of bytes that comes from outside. A target throws nothing for whatever bytes: every refusal is a typed
 * one. Seeds and whatever once was found stand in {@code src/test/resources}, a folder a target.
 */
@NullMarked
package dev.koine.fuzz;

import org.jspecify.annotations.NullMarked;
