/** What producers send in a simulated world, and the models that they send. */
@NullMarked
package dev.koine.sim.script;

import org.jspecify.annotations.NullMarked;
