/** Recipe, fixed-point totals, and materialising a version of the running model. */
@NullMarked
package dev.koine.engine.merge;

import org.jspecify.annotations.NullMarked;
