/** The line of versions of a model: turns in their order, pieces, and what is announced. */
@NullMarked
package dev.koine.lifecycle.head;

import org.jspecify.annotations.NullMarked;
