/** What holds a candidate against the version before, and tries it. */
@NullMarked
package dev.koine.lifecycle.gate;

import org.jspecify.annotations.NullMarked;
