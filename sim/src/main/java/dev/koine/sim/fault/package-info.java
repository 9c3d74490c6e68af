/** What goes wrong in a simulated world, and its clock. */
@NullMarked
package dev.koine.sim.fault;

import org.jspecify.annotations.NullMarked;
