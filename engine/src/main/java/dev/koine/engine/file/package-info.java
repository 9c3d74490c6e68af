/** Files and folders of this machine: what they are, who holds them, and work on several side by side. */
@NullMarked
package dev.koine.engine.file;

import org.jspecify.annotations.NullMarked;
