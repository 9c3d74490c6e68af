/** What the lifecycle keeps between events, wherever it runs. */
@NullMarked
package dev.koine.lifecycle.state;

import org.jspecify.annotations.NullMarked;
