/** A store on a disk that loses what was not forced. */
@NullMarked
package dev.koine.sim.store;

import org.jspecify.annotations.NullMarked;
