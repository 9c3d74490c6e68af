/** Events as they come: decoded once a stage, and what becomes of those that are refused. */
@NullMarked
package dev.koine.lifecycle.event;

import org.jspecify.annotations.NullMarked;
