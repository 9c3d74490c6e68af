/** Bundles at their places and in the store, and whose trouble it is when one cannot be read. */
@NullMarked
package dev.koine.lifecycle.input;

import org.jspecify.annotations.NullMarked;
