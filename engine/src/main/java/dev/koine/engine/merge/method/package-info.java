/** Merge methods: how experts are pruned and how their task vectors are put together. */
@NullMarked
package dev.koine.engine.merge.method;

import org.jspecify.annotations.NullMarked;
