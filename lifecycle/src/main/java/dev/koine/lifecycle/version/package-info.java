/** How one version comes from the one before. */
@NullMarked
package dev.koine.lifecycle.version;

import org.jspecify.annotations.NullMarked;
