/** What a model is merged by: method, scale, precision, and rules for single weights. */
@NullMarked
package dev.koine.engine.merge.recipe;

import org.jspecify.annotations.NullMarked;
