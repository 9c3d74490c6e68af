/** What is released, in processes of its own. */
@NullMarked
package dev.koine.e2e;

import org.jspecify.annotations.NullMarked;
