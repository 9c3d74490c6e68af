/** Services that follow a model, in processes of their own, under faults: killed, paused, without room, with a store that breaks. */
@NullMarked
package dev.koine.e2e.services;

import org.jspecify.annotations.NullMarked;
