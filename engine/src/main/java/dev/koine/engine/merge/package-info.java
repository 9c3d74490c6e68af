/** Experts into a base: a running model that they come into and go from, and a merge at once of what lies on this machine. */
@NullMarked
package dev.koine.engine.merge;

import org.jspecify.annotations.NullMarked;
