/** What Koine promises, held against a history: what became of each event, and what should have. */
@NullMarked
package dev.koine.sim.check;

import org.jspecify.annotations.NullMarked;
