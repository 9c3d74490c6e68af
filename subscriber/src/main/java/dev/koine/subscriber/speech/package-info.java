/** Speech recognition with the models that Koine merges, and how well they do. */
@NullMarked
package dev.koine.subscriber.speech;

import org.jspecify.annotations.NullMarked;
