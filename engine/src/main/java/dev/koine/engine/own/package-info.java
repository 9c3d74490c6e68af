/** Own terms: what an expert adds to its base for its language alone, kept by itself, folded in, or served beside others by one graph. */
@NullMarked
package dev.koine.engine.own;

import org.jspecify.annotations.NullMarked;
