/** One expert on its way in: what it changes, cut into tasks, and compressed. */
@NullMarked
package dev.koine.engine.merge.prune;

import org.jspecify.annotations.NullMarked;
