/** Speech recognition and translation with the models that Koine merges. */
@NullMarked
package dev.koine.speech;

import org.jspecify.annotations.NullMarked;
