/** What is to be pruned of an expert: kept in the store, done piece by piece. */
@NullMarked
package dev.koine.lifecycle.plan;

import org.jspecify.annotations.NullMarked;
