/** The lifecycle of models in simulated worlds: one seed, one history, no threads. */
@NullMarked
package dev.koine.sim;

import org.jspecify.annotations.NullMarked;
