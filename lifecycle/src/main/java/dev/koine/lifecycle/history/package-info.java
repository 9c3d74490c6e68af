/** What the store records of versions and merges, how long it is kept, and whether all of it is whole. */
@NullMarked
package dev.koine.lifecycle.history;

import org.jspecify.annotations.NullMarked;
