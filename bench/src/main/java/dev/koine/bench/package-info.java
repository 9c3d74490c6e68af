/** Models of real shapes to merge, and what this machine can do at best. */
@NullMarked
package dev.koine.bench;

import org.jspecify.annotations.NullMarked;
